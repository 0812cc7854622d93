"""The program: which command, and what its end means to the shell."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Protocol, cast

from gitops_operator.cli.command import Command
from gitops_operator.cli.commands import COMMANDS
from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import CommandError, Exit
from gitops_operator.cli.parser import parser_of, unknown_command
from gitops_operator.errors import GitOpsError

_BROKEN_PIPE = 141
"""What a shell sees of a program that SIGPIPE ended: `… | head` is nobody's fault."""


class _Runs(Protocol):
    """A module that does a command."""

    def run(self, arguments: argparse.Namespace, console: Console) -> Exit:
        """Does it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of one call."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names and messages are Unicode whatever the locale says
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    console = Console(sys.stdin.buffer, sys.stdout, sys.stderr, os.environ)
    try:
        code = int(call(given, console))
        console.flush()
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Python flushes once more when it ends, and would complain of what is already lost.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    return code


def call(given: Sequence[str], console: Console) -> Exit:
    """One call; what keeps it from an answer is said on the console."""
    try:
        return _answer(given, console)
    except CommandError as error:
        console.error(error.message)
        return error.exit_code
    except GitOpsError as error:
        console.error(error.message)
        return Exit.TROUBLE


def _answer(given: Sequence[str], console: Console) -> Exit:
    table = {command.name: command for command in COMMANDS}
    if given and not given[0].startswith("-") and given[0] not in table:
        raise CommandError(unknown_command(given[0], COMMANDS))
    parser = parser_of(COMMANDS)
    try:
        arguments = parser.parse_args(given)
    except SystemExit:  # after --help
        return Exit.FINE
    if arguments.version:
        console.line(_version())
        return Exit.FINE
    if arguments.command is None:
        console.write(parser.format_help())
        return Exit.FINE
    return _module(table[arguments.command]).run(arguments, console)


def _module(command: Command) -> _Runs:
    return cast("_Runs", importlib.import_module(f"gitops_operator.cli.{command.module}"))


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - slow to load, seldom asked

    try:
        return version("gitops-operator")
    except PackageNotFoundError:
        return "from a checkout"
