"""Daytwo: model."""
