"""One object that is not as Git wants it, field by field: what lives and who wrote it, what Git wants and where."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from difflib import unified_diff
from typing import Any

from gitops_operator.cli.console import Colour
from gitops_operator.cli.online.words import age
from gitops_operator.cli.tables import Paint, printable
from gitops_operator.cli.yamltext import yaml_text
from gitops_operator.model.change import Action, Change, Difference, Why

_CONTEXT = 2
MARKS = {
    Action.CREATE: ("+", Colour.GREEN, "to be created"),
    Action.UPDATE: ("~", Colour.YELLOW, "to be updated"),
    Action.REPLACE: ("~", Colour.YELLOW, "to be replaced"),
    Action.PRUNE: ("-", Colour.RED, "to be pruned"),
    Action.NONE: ("!", Colour.RED, ""),
}
WHYS = {
    Why.MISSING: "it is missing",
    Why.DESIRED_CHANGED: "Git changed",
    Why.DRIFTED: "somebody changed it",
    Why.ADOPTED: "it exists, and nobody manages it",
    Why.HANDED_OVER: "it was handed over",
    Why.NOT_DESIRED: "Git does not have it any more",
    Why.GOING: "it is being deleted",
    Why.CONFLICT: "it belongs to somebody else",
    Why.KIND_UNKNOWN: "the cluster does not know its kind",
    Why.KIND_NOT_READY: "it cannot be compared",
}


def changed_object(
    change: Change, fields: Sequence[Difference], now: datetime, paint: Paint, whys: Mapping[Why, str] = WHYS
) -> Iterator[str]:
    """Its lines; `whys` says in a few words why it is not as Git wants it."""
    mark, colour, _ = MARKS[change.action]
    origin = change.desired.origin if change.desired else None
    place = paint(f"  {origin}", Colour.GREY) if origin and origin.file else ""
    yield f"{paint(f'{mark} {change.key}', colour)}  {whys.get(change.why, str(change.why))}{place}"
    for line in printable("" if fields and change.why is Why.DRIFTED else change.message).splitlines():
        yield f"    {line}"
    for one in fields:
        yield from field_lines(one, now, paint)
    if change.action is Action.UPDATE and not fields and not change.message:
        yield "    No field differs: Git says the same in other words."


def field_lines(one: Difference, now: datetime, paint: Paint, commit: str = "") -> Iterator[str]:
    """Its lines: what lives and who wrote it, what Git wants and where."""
    yield f"  {printable(one.path)}"
    at = f" at {commit}" if commit else ""
    git = f"Git{at}: {one.origin}" if one.origin and one.location else f"Git{at}"
    live = f"live: {one.manager}{f', {age(one.since, now)} ago' if one.since else ''}" if one.manager else "live"
    if _is_long(one.live) or _is_long(one.desired):
        yield paint(f"    --- {live}", Colour.GREY)
        yield paint(f"    +++ {git}", Colour.GREY)
        yield from ("    " + line for line in _lines(one, paint))
        return
    if one.live is not None:
        yield f"{paint(f'    - {_scalar(one.live)}', Colour.RED)}   {paint(live, Colour.GREY)}"
    if one.desired is not None:
        yield f"{paint(f'    + {_scalar(one.desired)}', Colour.GREEN)}   {paint(git, Colour.GREY)}"


def _is_long(value: Any) -> bool:
    return (isinstance(value, (Mapping, list)) and bool(value)) or (isinstance(value, str) and "\n" in value)


def _scalar(value: Any) -> str:
    return printable(json.dumps(value, ensure_ascii=False))


def _lines(one: Difference, paint: Paint) -> Iterator[str]:
    """What is in both, in the order of a patch that makes live what Git wants."""
    live, desired = _text(one.live), _text(one.desired)
    if live and desired and live[-1] == desired[-1] == "":  # both end with the end of a line
        live, desired = live[:-1], desired[:-1]
    compared = unified_diff(live, desired, n=_CONTEXT, lineterm="")
    for line in list(compared)[2:]:
        colour = {"-": Colour.RED, "+": Colour.GREEN, "@": Colour.CYAN}.get(line[0], "")
        yield paint(printable(line), colour)


def _text(value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str):
        return value.split("\n")
    return yaml_text(value).splitlines()
