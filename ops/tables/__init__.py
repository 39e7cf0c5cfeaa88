"""Typed tables over the store, one file per subject."""
