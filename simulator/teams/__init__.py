"""A simulated Teams: the webhook of a Workflows flow, and what it has shown."""
