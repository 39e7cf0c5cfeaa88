"""Runs orchestrators without an engine: no history, no replay, no host. A year takes seconds."""
