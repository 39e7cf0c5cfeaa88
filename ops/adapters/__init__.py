"""Daytwo: adapters."""
