"""Runs orchestrators without an engine, history, replay or host. Simulating a year takes seconds."""
