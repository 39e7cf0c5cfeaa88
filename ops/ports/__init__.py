"""What the core needs from external systems, as protocols. Adapters implement them."""
