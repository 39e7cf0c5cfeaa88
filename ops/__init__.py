"""Daytwo: ops."""
