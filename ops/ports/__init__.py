"""The core's view of external systems, as protocols. Adapters implement them."""
