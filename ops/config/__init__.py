"""Daytwo: config."""
