"""Daytwo: render."""
