"""What operators measure and search for: the metrics by name, and the fields of every log record."""
