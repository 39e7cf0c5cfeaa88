"""A real Kubernetes control plane on loopback for tests. Its nodes are simulated by kwok."""
