"""People and systems with fewer rights than Daytwo that use these rights against it, as reusable stories."""
