"""A local Azure Functions host: a real app folder, served on this machine, on a clock that can be stepped."""
