"""`kubectl gitops tree`: an Application's objects and what they made, with health."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import Exit
from gitops_operator.cli.online.applications import get_application, key_named
from gitops_operator.cli.online.comparison import settings_of
from gitops_operator.cli.online.family import Family, Member, family_of
from gitops_operator.cli.online.progress import Progress
from gitops_operator.cli.online.reach import Reach, online
from gitops_operator.cli.online.words import colour_of, health_of, sync_of
from gitops_operator.cli.tables import Paint, printable
from gitops_operator.model.parsing import parse_application

_GAP = "   "


class _Line(NamedTuple):
    name: str
    sync: str
    health: str
    message: str


def run(arguments: argparse.Namespace, console: Console) -> Exit:
    async def work(reach: Reach) -> Exit:
        body = await get_application(reach, await key_named(arguments, reach))
        progress = Progress(console)
        progress.tell("tree", "Reading the objects of the cluster …")
        try:
            settings = settings_of(arguments, console.environ)
            family = await family_of(reach, parse_application(body), settings.namespace)
        finally:
            progress.clear()
        say(arguments.output, console, body, family)
        return Exit.FINE

    return online(work, arguments, console)


def say(output: str, console: Console, body: Mapping[str, Any], family: Family) -> None:
    """In the form that is asked for."""
    if output in {"json", "yaml"}:
        console.document(_data(body, family), output)
    else:
        for line in drawn(body, family.members, console.width, console.paint, with_messages=output == "wide"):
            console.line(line)
    for remark in family.remarks:
        console.note(f"warning: {remark}")


def drawn(
    body: Mapping[str, Any], members: Sequence[Member], width: int, paint: Paint, *, with_messages: bool
) -> Iterator[str]:
    """The lines, in columns; what does not fit into the width of a terminal is cut at the end."""
    metadata, health = body["metadata"], (body.get("status") or {}).get("health") or {}
    name = f"Application {metadata['namespace']}/{metadata['name']}"
    head = _Line(name, sync_of(body), health_of(body), str(health.get("message", "")))
    lines = [_Line("OBJECT", "SYNC", "HEALTH", "MESSAGE" if with_messages else ""), head, *_branches(members, "")]
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    for line in lines:
        message = " ".join(printable(line.message).split()) if with_messages else ""
        columns = (text.ljust(size) for text, size in zip((printable(line.name), *line[1:3]), widths, strict=True))
        yield _fitting([*columns, message], (line.sync, line.health), width, paint)


def _branches(members: Sequence[Member], before: str) -> Iterator[_Line]:
    for number, member in enumerate(members, 1):
        is_last = number == len(members)
        key, health = member.key, member.health
        name = f"{key.kind} {'/'.join(filter(None, (key.namespace, key.name)))}"
        said = (str(health.status), health.message) if health else ("", "")
        yield _Line(f"{before}{'└─' if is_last else '├─'} {name}", member.sync, *said)
        yield from _branches(member.children, before + ("   " if is_last else "│  "))


def _fitting(cells: Sequence[str], words: Sequence[str], width: int, paint: Paint) -> str:
    """A line of cells, cut before it is painted."""
    text = _GAP.join(cells).rstrip()
    if width and len(text) > width:
        text = text[: width - 1] + "…"
    first = len(cells[0]) + len(_GAP)
    places = [(first, words[0]), (first + len(cells[1]) + len(_GAP), words[1])]
    for start, word in reversed(places):
        if word and text[start : start + len(word)] == word:
            text = text[:start] + paint(word, colour_of(word)) + text[start + len(word) :]
    return text


def _data(body: Mapping[str, Any], family: Family) -> dict[str, Any]:
    metadata = body["metadata"]
    return {
        "application": {"namespace": metadata["namespace"], "name": metadata["name"]},
        "sync": sync_of(body),
        "health": health_of(body),
        "objects": [_member(member) for member in family.members],
    }


def _member(member: Member) -> dict[str, Any]:
    health = member.health
    return {
        **member.key._asdict(),
        "sync": member.sync or None,
        "health": {"status": str(health.status), "message": health.message} if health else None,
        "children": [_member(child) for child in member.children],
    }
