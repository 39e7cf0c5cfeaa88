"""Daytwo: workflows."""
