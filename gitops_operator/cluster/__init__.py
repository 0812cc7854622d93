"""The Kubernetes API and nothing of GitOps: a session, a client, discovery, watches and the lease."""
