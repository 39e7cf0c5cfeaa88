"""One package per chat."""
