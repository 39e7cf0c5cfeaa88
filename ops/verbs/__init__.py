"""Daytwo: verbs."""
