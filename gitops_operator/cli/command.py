"""What a command is made of: its row in the table says all but what it does."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple


class Group(StrEnum):
    """Under which heading a command is listed."""

    OFFLINE = "On files, without a cluster"
    CLUSTER = "With a cluster"
    OTHER = "Other"


class Completes(StrEnum):
    """What the shell offers for a value."""

    NOTHING = ""
    FILE = "file"
    FOLDER = "folder"
    APPLICATION = "application"
    NAMESPACE = "namespace"
    CONTEXT = "context"


class Argument(NamedTuple):
    """One flag (`-o`, `--output`) or positional (`ROOT`); `options` are argparse's own."""

    names: tuple[str, ...]
    help: str
    options: Mapping[str, Any] = {}
    completes: Completes = Completes.NOTHING

    @property
    def is_flag(self) -> bool:
        """Whether it is named, rather than told by its place."""
        return self.names[0].startswith("-")


class Command(NamedTuple):
    """One row: `module` is the one in this package whose `run(arguments, console)` does it.

    It is imported only when it runs: a cluster's client takes longer to load than an offline command to answer.
    """

    name: str
    group: Group
    help: str
    description: str
    arguments: tuple[Argument, ...]
    examples: tuple[tuple[str, str], ...]
    module: str


OUTPUT = Argument(
    ("-o", "--output"),
    "json, yaml or table",
    {"choices": ("json", "yaml", "table"), "default": "table", "metavar": "FORMAT"},
)
BATCH = Argument(
    ("--batch",),
    "cases to answer, one JSON object a line (- reads the standard input); each answer is one line of JSON",
    {"metavar": "CASES.jsonl"},
    Completes.FILE,
)
FILES = Argument(
    ("-f", "--filename"),
    "a file or a folder of manifests (- reads the standard input); may be given several times",
    {"action": "append", "metavar": "FILE", "default": []},
    Completes.FILE,
)
