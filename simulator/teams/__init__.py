"""Simulates Teams: the webhook of a Workflows flow, and the bot's conversations."""
