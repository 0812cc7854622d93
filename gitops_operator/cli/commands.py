"""Every command: its name, its line of help, its arguments, the module that does it."""

from __future__ import annotations

from gitops_operator.cli.command import BATCH, FILES, Command
from gitops_operator.cli.offline.table import APP, LIVE, OFFLINE
from gitops_operator.cli.online.flags import APPLICATION, APPLICATIONS
from gitops_operator.cli.online.table import ONLINE
from gitops_operator.cli.online.table_close import CLOSE

_OF_FILES = (
    ("What kubectl apply would change", "kubectl gitops diff -f manifests/ --live live.yaml"),
    ("Many pairs of a desired and a live object", "kubectl gitops diff --batch cases.jsonl"),
)


def _also_of_files(command: Command) -> Command:
    """`diff` compares an Application with its cluster, or files with files."""
    arguments = tuple(APPLICATIONS if argument is APPLICATION else argument for argument in command.arguments)
    return command._replace(
        description=f"{command.description} Or, without a cluster: compares manifests with live objects that were read "
        "before.",
        arguments=(*arguments, FILES, LIVE, APP, BATCH),
        examples=(*command.examples, *_OF_FILES),
        module="difference",
    )


COMMANDS: tuple[Command, ...] = (
    *OFFLINE,
    *(_also_of_files(command) if command.name == "diff" else command for command in ONLINE),
    *CLOSE,
)
