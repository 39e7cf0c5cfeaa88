"""Slack's Web API, as Slack clients use it."""
