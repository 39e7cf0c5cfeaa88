"""A real Kubernetes control plane on loopback for tests: found or built, booted, stopped; its nodes are kwok's."""
