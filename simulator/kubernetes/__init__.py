"""Each simulated cluster's Kubernetes API, as the Kubernetes client sees it."""
