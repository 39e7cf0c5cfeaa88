"""Daytwo: policy."""
