"""The demo: a cluster, a Git server, the operator and three Applications, shown at work."""
