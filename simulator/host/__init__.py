"""A local Azure Functions host: serves a real app folder on this machine, on a clock that can be stepped."""
