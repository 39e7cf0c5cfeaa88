"""Runs orchestrators without an engine, a history, replays or a host. Simulating a year takes seconds."""
