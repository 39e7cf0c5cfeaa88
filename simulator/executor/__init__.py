"""Orchestrators driven without an engine: no history, no replay, no host; a year takes seconds."""
