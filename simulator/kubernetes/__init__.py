"""Each simulated cluster's Kubernetes API, as Kubernetes clients use it."""
