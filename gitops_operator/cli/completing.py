"""What a shell offers for the word at the cursor; kubectl asks a plugin by calling `kubectl_complete-gitops`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from gitops_operator.cli.command import Argument, Command, Completes
from gitops_operator.cli.commands import COMMANDS


class Offer(NamedTuple):
    """Values with what they mean; `files` says that the shell shall offer files, or folders."""

    values: Sequence[tuple[str, str]] = ()
    files: Completes = Completes.NOTHING


Ask = Callable[[Completes, Mapping[str, str]], Iterable[str]]
"""The names of a kind that a cluster or kubeconfig has, by the flags that are given."""

# kubectl's (Cobra's) words for what the shell does beside.
_NO_FILES, _ONLY_FOLDERS = 4, 16
_ASKED = frozenset({Completes.APPLICATION, Completes.NAMESPACE, Completes.CONTEXT})
_NOTHING = Offer()


def main(arguments: Sequence[str] | None = None) -> int:
    """Called with the words after `kubectl gitops`, the last one as far as it is typed."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    offer = complete(words or [""], ask=_asked)
    for value, meaning in offer.values:
        sys.stdout.write(f"{value}\t{meaning}\n" if meaning else f"{value}\n")
    directive = {Completes.FILE: 0, Completes.FOLDER: _ONLY_FOLDERS}.get(offer.files, _NO_FILES)
    sys.stdout.write(f":{directive}\n")
    return 0


def complete(words: Sequence[str], *, ask: Ask) -> Offer:
    """What can stand for the last word."""
    *before, current = _joined(words)
    name = next((word for word in before if not word.startswith("-")), "")
    if not name:
        everything = [(command.name, command.help) for command in COMMANDS]
        return _starting(current, [*everything, ("--help", ""), ("--version", "")])
    command = next((command for command in COMMANDS if command.name == name), None)
    if command is None:
        return _NOTHING
    return _of_command(command, before[before.index(name) + 1 :], current, ask)


def _joined(words: Sequence[str]) -> list[str]:
    """Some shells (bash) take `--flag=value` apart."""
    joined: list[str] = []
    for word in words:
        if joined and (word == "=" or (joined[-1].startswith("--") and joined[-1].endswith("="))):
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _of_command(command: Command, before: Sequence[str], current: str, ask: Ask) -> Offer:
    flags = {name: argument for argument in command.arguments if argument.is_flag for name in argument.names}
    given = _given(flags, before)
    flag, equals, value = current.partition("=")
    if equals and flag in flags:
        offer = _value(flags[flag], value, given, ask)
        return offer._replace(values=[(f"{flag}={text}", meaning) for text, meaning in offer.values])
    if before and before[-1] in flags and _takes_value(flags[before[-1]]):
        return _value(flags[before[-1]], current, given, ask)
    if current.startswith("-"):
        listed = [(argument.names[-1], argument.help) for argument in command.arguments if argument.is_flag]
        return _starting(current, [*listed, ("--help", "")])
    place = next((argument for argument in command.arguments if not argument.is_flag), None)
    return _value(place, current, given, ask) if place is not None else _NOTHING


def _takes_value(argument: Argument) -> bool:
    return argument.options.get("action") not in {"store_true", "store_false"}


def _given(flags: Mapping[str, Argument], before: Sequence[str]) -> dict[str, str]:
    """The flags that stand before the cursor, by their long names."""
    given: dict[str, str] = {}
    for number, word in enumerate(before):
        name, equals, value = word.partition("=")
        argument = flags.get(name)
        if argument is None:
            continue
        following = before[number + 1] if number + 1 < len(before) else ""
        given[argument.names[-1]] = value if equals else following if _takes_value(argument) else "true"
    return given


def _value(argument: Argument, current: str, given: Mapping[str, str], ask: Ask) -> Offer:
    if "choices" in argument.options:
        return _starting(current, [(choice, "") for choice in argument.options["choices"]])
    if argument.completes in _ASKED:
        return _starting(current, [(name, "") for name in ask(argument.completes, given)])
    return Offer(files=argument.completes)


def _starting(current: str, values: Iterable[tuple[str, str]]) -> Offer:
    return Offer([(value, meaning) for value, meaning in values if value.startswith(current)])


def _asked(kind: Completes, given: Mapping[str, str]) -> list[str]:
    """Nothing where there is no answer: who completes wants no error between two words."""
    from gitops_operator.cli.online.names import names_of  # noqa: PLC0415 - a cluster's client takes long to load

    return names_of(kind, given, os.environ)
