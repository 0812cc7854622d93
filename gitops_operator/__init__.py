"""A GitOps engine that runs as a Kubernetes operator: it makes clusters equal to Git."""
