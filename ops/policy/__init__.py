"""The rules as pure functions: calendar, rings, images, proof, leases, approvals. Nothing here reads a clock or imports an SDK."""
