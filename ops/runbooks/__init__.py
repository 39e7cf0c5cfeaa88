"""Daytwo: runbooks."""
