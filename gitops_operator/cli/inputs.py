"""The files of a command line: `-f` as kubectl has it, `-` for the standard input."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import CommandError
from gitops_operator.render.yaml import Document, read

STDIN = "-"
_EXTENSIONS = (".yaml", ".yml", ".json")


class Input(NamedTuple):
    """What is called by a name, as bytes."""

    name: str
    data: bytes


def inputs_of(arguments: argparse.Namespace, console: Console) -> list[Input]:
    """The files of all `-f`; of a folder those that hold manifests, without the folders in it, as kubectl does."""
    if not arguments.filename:
        raise CommandError("give the manifests with -f FILE (- for the standard input)")
    return named_inputs(arguments.filename, console)


def named_inputs(names: Iterable[str], console: Console) -> list[Input]:
    """The files that were named."""
    return [one for name in names for one in _named(name, console)]


def read_input(name: str, console: Console) -> bytes:
    """A file, or the standard input."""
    if name == STDIN:
        return console.stdin.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror or error}") from None


def documents_of(name: str, data: bytes) -> list[Document]:
    """The documents of a file; what is wrong with them leaves no answer."""
    result = read(data, "" if name == STDIN else name)
    if result.problems:
        raise CommandError("\n".join(map(str, result.problems)))
    return list(result.documents)


def _named(name: str, console: Console) -> Iterator[Input]:
    folder = Path(name)
    if name == STDIN or not folder.is_dir():
        yield Input(name, read_input(name, console))
        return
    files = sorted(file for file in folder.iterdir() if file.suffix in _EXTENSIONS and file.is_file())
    if not files:
        raise CommandError(f"no file of the folder {name} ends in {', '.join(_EXTENSIONS)}")
    for file in files:
        yield Input(str(file), read_input(str(file), console))
