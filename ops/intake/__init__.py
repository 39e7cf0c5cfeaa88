"""Daytwo: intake."""
