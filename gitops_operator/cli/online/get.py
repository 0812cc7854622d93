"""`kubectl gitops get`: Applications in a table, as data, or one of them on a screen."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any

from gitops_operator.cli.console import Colour, Console
from gitops_operator.cli.exits import CommandError, Exit
from gitops_operator.cli.online.applications import (
    Scope,
    Seen,
    follow,
    get_application,
    key_of,
    list_applications,
    scope_of,
)
from gitops_operator.cli.online.columns import prose_last
from gitops_operator.cli.online.reach import Reach, online
from gitops_operator.cli.online.screen import screen
from gitops_operator.cli.online.words import age, coloured, condition, health_of, now, revision_of, short, sync_of
from gitops_operator.cli.tables import Cell, Row, table
from gitops_operator.model.application import GROUP, ApplicationKey

_COLUMNS = {"NAMESPACE": 15, "NAME": 20, "SYNC": 9, "HEALTH": 11, "REVISION": 8, "AGE": 5}
"""How wide the columns of a watch are before wider cells come: what was printed cannot be widened."""


def run(arguments: argparse.Namespace, console: Console) -> Exit:
    async def work(reach: Reach) -> Exit:
        scope = await scope_of(arguments, reach)
        if arguments.watch:
            return await _watch(arguments, console, reach, scope)
        found = await _found(reach, scope)
        _show(arguments, console, scope, found)
        if not found and not scope.keys:
            where = f"in namespace {scope.namespace}" if scope.namespace else "in any namespace"
            console.note(f"No Applications found {where}{' with these labels' if scope.labels else ''}.")
        return Exit.FINE

    if arguments.watch and arguments.output in {"json", "yaml", "name"}:
        raise CommandError("--watch prints a table; leave -o out, or use -o wide")
    return online(work, arguments, console)


async def _found(reach: Reach, scope: Scope) -> list[dict[str, Any]]:
    """Each that is named must be there."""
    if scope.keys:
        return [await get_application(reach, key) for key in scope.keys]
    return await list_applications(reach.client, scope)


def _show(arguments: argparse.Namespace, console: Console, scope: Scope, found: Sequence[Mapping[str, Any]]) -> None:
    is_one = len(scope.keys) == 1
    if arguments.output == "name":
        for body in found:
            console.line(f"application.{GROUP}/{key_of(body).name}")
    elif arguments.output in {"json", "yaml"}:
        clean = [_without_managed_fields(body) for body in found]
        several = {"apiVersion": "v1", "kind": "List", "items": clean}
        console.document(clean[0] if is_one else several, arguments.output)
    elif is_one and arguments.output != "wide":
        for line in screen(found[0], now(), console.width, console.paint):
            console.line(line)
    elif found:
        headings = _headings(arguments)
        rows = [_row(arguments, body, now()) for body in found]
        lines = prose_last if arguments.output == "wide" else table
        for line in lines(headings, rows, console.width, console.paint):
            console.line(line)


def _without_managed_fields(body: Mapping[str, Any]) -> dict[str, Any]:
    """As kubectl shows objects."""
    metadata = {name: value for name, value in body["metadata"].items() if name != "managedFields"}
    return {**body, "metadata": metadata}


def _headings(arguments: argparse.Namespace) -> list[str]:
    first = ["NAMESPACE"] if arguments.all_namespaces else []
    last = ["MESSAGE"] if arguments.output == "wide" else []
    return [*first, "NAME", "SYNC", "HEALTH", "REVISION", "AGE", *last]


def _row(arguments: argparse.Namespace, body: Mapping[str, Any], moment: datetime) -> Row:
    metadata = body["metadata"]
    first = [metadata["namespace"]] if arguments.all_namespaces else []
    last = [str(condition(body, "Ready").get("message", ""))] if arguments.output == "wide" else []
    going = Cell("Deleting", Colour.YELLOW) if metadata.get("deletionTimestamp") else None
    return [
        *first,
        metadata["name"],
        going or coloured(sync_of(body)),
        coloured(health_of(body)),
        short(revision_of(body)) or "-",
        age(metadata.get("creationTimestamp", ""), moment),
        *last,
    ]


async def _watch(arguments: argparse.Namespace, console: Console, reach: Reach, scope: Scope) -> Exit:
    """Until it is interrupted."""
    for key in scope.keys:
        await get_application(reach, key)
    rows = _Rows(arguments, console)
    async with aclosing(follow(reach.client, scope)) as changes:
        async for seen in changes:
            rows.show(seen)
    return Exit.FINE


class _Rows:
    """A row each time that one of an Application's cells but its age changes, under headings that are printed once."""

    def __init__(self, arguments: argparse.Namespace, console: Console) -> None:
        self._arguments, self._console = arguments, console
        self._headings = _headings(arguments)
        self._widths = [max(len(heading), _COLUMNS.get(heading, 0)) for heading in self._headings]
        self._shown: dict[ApplicationKey, list[str]] = {}
        self._began = False

    def show(self, seen: Seen) -> None:
        if seen.body is None:
            self._shown.pop(seen.key, None)
            self._console.note(f"Application {seen.key} is gone.")
            return
        cells = [Cell(cell) if isinstance(cell, str) else cell for cell in _row(self._arguments, seen.body, now())]
        steady = [cell.text for cell, heading in zip(cells, self._headings, strict=True) if heading != "AGE"]
        if self._shown.get(seen.key) == steady:
            return
        self._shown[seen.key] = steady
        if not self._began:
            self._print([Cell(heading) for heading in self._headings])
            self._began = True
        self._print(cells)

    def _print(self, cells: Sequence[Cell]) -> None:
        self._widths = [max(width, len(cell.text)) for width, cell in zip(self._widths, cells, strict=True)]
        padded = [Cell(cell.text.ljust(width), cell.colour) for cell, width in zip(cells, self._widths, strict=True)]
        for line in table(["" for _ in padded], [padded], self._console.width, self._console.paint):
            if line:
                self._console.line(line)
        self._console.flush()
