"""Every door in: verify, normalise, start; nothing here waits for work to be done."""
