"""Situations from the field: each is played, and what was observed is a row of docs/situations.md.

A module in `plays` has the situations of one subject. Each is a function with the decorator `situation`: it puts a world into
the situation, asserts what is right about it, and returns what was observed (usually `observe(world)`). After a change, write
the page again and read the difference: `PYTHONPATH=. .venv/bin/python -m tests.situations`.
"""
