"""The programs that render, as they are found where the operator runs."""

from __future__ import annotations

import shutil
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from gitops_operator.errors import Problem, RenderError


class ToolReason(StrEnum):
    """Why a tool gave nothing, where the files are not to blame."""

    MISSING = "ToolMissing"
    TIMEOUT = "RenderTimeout"
    OUT_OF_MEMORY = "RenderOutOfMemory"


class Program(NamedTuple):
    """One program; `identity` is another one when another version of it stands there."""

    path: str
    identity: tuple[object, ...]


class Programs(NamedTuple):
    """What they are called: names that are looked for on PATH, or paths."""

    kustomize: str = "kustomize"


def find(name: str, setting: str, version: str) -> Program:
    """The program of a name.

    Raises:
        RenderError: it is not there; the message says what to install.
    """
    path = shutil.which(name)
    if path is None:
        message = (
            f"the program {name} is not there, or not for the operator to run: install {version}, or name it in the "
            f"setting {setting} (the operator's image brings it)"
        )
        raise RenderError((Problem("", 0, 0, message),), reason=ToolReason.MISSING)
    stat = Path(path).stat()
    return Program(str(Path(path).absolute()), (stat.st_size, stat.st_mtime_ns))
