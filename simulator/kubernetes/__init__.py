"""The Kubernetes API of each simulated cluster, as Kubernetes clients use it."""
