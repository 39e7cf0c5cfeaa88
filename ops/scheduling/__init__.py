"""The work that timers trigger: the fleet scan, due runs, the digest, the janitor."""
