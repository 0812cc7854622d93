"""Every command: its name, its line of help, its arguments, the module that does it."""

from __future__ import annotations

from gitops_operator.cli.command import BATCH, FILES, Command
from gitops_operator.cli.offline.table import APP, LIVE, OFFLINE
from gitops_operator.cli.online.flags import APPLICATION, APPLICATIONS
from gitops_operator.cli.online.table import ONLINE
from gitops_operator.cli.online.table_close import CLOSE

_OF_FILES = {
    "diff": (
        "compares manifests with live objects that were read before.",
        "difference",
        (
            ("What kubectl apply would change", "kubectl gitops diff -f manifests/ --live live.yaml"),
            ("Many pairs of a desired and a live object", "kubectl gitops diff --batch cases.jsonl"),
        ),
    ),
    "plan": (
        "plans from manifests and live objects that were read before, which the Application is taken to track.",
        "planned",
        (
            ("The order of a first sync", "kubectl gitops plan -f manifests/"),
            ("What a commit would do", "kubectl gitops plan -f manifests/ --live live.yaml --prune"),
        ),
    ),
}


def _also_of_files(command: Command) -> Command:
    """Those that answer of an Application in its cluster, or of files."""
    if command.name not in _OF_FILES:
        return command
    words, module, examples = _OF_FILES[command.name]
    arguments = tuple(APPLICATIONS if argument is APPLICATION else argument for argument in command.arguments)
    return command._replace(
        description=f"{command.description} Or, without a cluster: {words}",
        arguments=(*arguments, FILES, LIVE, APP, BATCH),
        examples=(*command.examples, *examples),
        module=module,
    )


COMMANDS: tuple[Command, ...] = (*OFFLINE, *map(_also_of_files, (*ONLINE, *CLOSE)))
