"""`kubectl gitops rollback`: go back to a version of the history, watch it, say what came of it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import CommandError, Exit
from gitops_operator.cli.online.applications import key_named
from gitops_operator.cli.online.reach import Reach, online
from gitops_operator.cli.online.sync import asked, who
from gitops_operator.cli.online.words import short
from gitops_operator.model.resource import Body


def run(arguments: argparse.Namespace, console: Console) -> Exit:
    async def work(reach: Reach) -> Exit:
        key, by = await key_named(arguments, reach), await who(reach)

        def wanted(body: Body) -> Mapping[str, Any]:
            rollback = {"id": entry_of(body, arguments.entry), **({"prune": True} if arguments.prune else {})}
            return {"initiatedBy": {"username": by}, "rollback": rollback}

        came = await asked(reach, console, arguments, key, wanted)
        if came is Exit.FINE:
            console.line(f"It stays there until you resume: kubectl gitops resume {key.name} -n {key.namespace}")
        return came

    return online(work, arguments, console)


def entry_of(body: Body, wanted: int | None) -> int:
    """The number of the entry that is meant; without one it is the version before the present one.

    Raises:
        CommandError: the history has no such entry.
    """
    status = body.get("status") or {}
    history = status.get("history") or []
    if wanted is None:
        return _before(history, (status.get("operation") or {}).get("revisions") or [])
    if all(entry["id"] != wanted for entry in history):
        entries = ", ".join(f"{entry['id']} ({short(entry['revisions'][0])})" for entry in history)
        raise CommandError(f"the history has no entry {wanted}; it has {entries or 'none yet'}", Exit.SEEN)
    return wanted


def _before(history: list[dict[str, Any]], present: list[str]) -> int:
    """A sync that failed is in no history: then the newest entry is the version before it."""
    earlier = history[:-1] if history and history[-1]["revisions"] == present else history
    if not earlier:
        raise CommandError("its history has no earlier version", Exit.SEEN)
    return int(earlier[-1]["id"])
