"""Renders messages as HTML in one Node process, with the renderers of Slack's Block Kit and of Adaptive Cards."""
