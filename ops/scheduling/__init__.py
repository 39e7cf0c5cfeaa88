"""The work that timers start: the fleet scan, due runs, the digest, the janitor."""
