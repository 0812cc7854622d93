"""Every command: its name, its line of help, its arguments, the module that does it."""

from __future__ import annotations

from gitops_operator.cli.command import BATCH, FILES, OUTPUT, Command, Group
from gitops_operator.cli.online.table import ONLINE

COMMANDS: tuple[Command, ...] = (
    Command(
        "parse",
        Group.OFFLINE,
        "Read manifests as the operator (and Kubernetes) reads them",
        "Reads YAML and JSON as Kubernetes does, several documents a file, and says everything that is wrong with them "
        "at once, with file, line and column.",
        (FILES, BATCH, OUTPUT),
        (
            ("The objects of a file as JSON", "kubectl gitops parse -f deployment.yaml -o json"),
            ("Check what another tool prints", "helm template . | kubectl gitops parse -f -"),
        ),
        "parse",
    ),
    *ONLINE,
)
