"""Git to Tree: mirrors on disk, what a reference means, and the credentials that open a repository."""
