"""What operators measure and search for: the metrics by name, and the fields that every log record carries."""
