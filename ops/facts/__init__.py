"""Daytwo: facts."""
