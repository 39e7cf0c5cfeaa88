"""Slack's Web API, as the Slack client sees it."""
