"""Telemetry for operators: the metrics by name, and the fields of every log record."""
