"""A throw-away real Kubernetes control plane and a Git server, for development and tests."""
