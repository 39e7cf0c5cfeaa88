"""The rules, pure: calendar, rings, images, proof, leases. Nothing here reads a clock or imports an SDK."""
