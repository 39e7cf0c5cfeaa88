"""Protocols that describe external systems as the core sees them. Adapters implement them."""
