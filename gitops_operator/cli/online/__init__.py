"""The commands that talk to a cluster, with the rights of whoever calls them."""
