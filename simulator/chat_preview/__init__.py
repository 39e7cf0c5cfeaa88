"""Renders messages as HTML with the renderers of Slack's Block Kit and of Adaptive Cards, in one Node process."""
