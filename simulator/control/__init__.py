"""The simulation's own door: clock, journal, mishaps, subscribers; no bot knows more of it than the clock."""
