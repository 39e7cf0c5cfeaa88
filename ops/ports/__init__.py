"""What the core needs from outside, as protocols. Adapters implement them."""
