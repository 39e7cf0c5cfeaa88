"""The situations, by subject."""
