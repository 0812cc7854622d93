"""`kubectl gitops …`: the operator's own stages from a terminal, on files or against a cluster."""

from gitops_operator.cli.entry import main

__all__ = ["main"]
