"""From the table of commands to an argparse parser, with help that a terminal user expects."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from difflib import get_close_matches
from textwrap import fill
from typing import NoReturn

from gitops_operator.cli.command import Command, Group
from gitops_operator.cli.exits import MEANINGS, CommandError

PROGRAM = "kubectl gitops"
_WIDTH = 80
_ABOUT = "See what the GitOps operator would do, and operate Applications, from a terminal."


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as kubectl does, and leaves printing and ending to the caller."""

    def error(self, message: str) -> NoReturn:
        raise CommandError(f"{message}\nSee '{self.prog} --help' for usage.")


def parser_of(commands: Iterable[Command]) -> argparse.ArgumentParser:
    """The parser of the whole program."""
    rows = list(commands)
    parser = _Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} COMMAND [flags]",
        description=_overview(rows),
        epilog=_exits(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="say the version and end")
    children = parser.add_subparsers(dest="command", metavar="COMMAND", help=argparse.SUPPRESS, parser_class=_Parser)
    for command in rows:
        _add(children, command)
    return parser


def _overview(commands: list[Command]) -> str:
    width = max(len(command.name) for command in commands)
    parts = [_ABOUT]
    for group in Group:
        lines = [f"  {command.name:<{width}}  {command.help}" for command in commands if command.group is group]
        if lines:
            parts.append("\n".join([f"{group}:", *lines]))
    parts.append(f"'{PROGRAM} COMMAND --help' says more of each, with examples.")
    return "\n\n".join(parts)


def _exits() -> str:
    return "\n".join(["exit codes:", *(f"  {code.value:>3}  {meaning}" for code, meaning in MEANINGS.items())])


def _add(children: argparse._SubParsersAction[_Parser], command: Command) -> None:
    parser = children.add_parser(
        command.name,
        prog=f"{PROGRAM} {command.name}",
        description=fill(command.description, _WIDTH),
        epilog=_examples(command),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for argument in command.arguments:
        parser.add_argument(*argument.names, help=argument.help.replace("%", "%%"), **argument.options)


def _examples(command: Command) -> str:
    return "\n\n".join(["examples:", *(f"  # {says}\n  {line}" for says, line in command.examples)])


def unknown_command(given: str, commands: Iterable[Command]) -> str:
    """What to say of a word that is no command."""
    close = get_close_matches(given, [command.name for command in commands], n=1)
    hint = f"; did you mean '{close[0]}'?" if close else ""
    return f"'{given}' is not a command{hint}\nSee '{PROGRAM} --help' for all commands."
