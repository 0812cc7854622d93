"""`kubectl gitops history`: the syncs of an Application that succeeded, the newest first."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import Exit
from gitops_operator.cli.online.applications import get_application, key_named
from gitops_operator.cli.online.reach import Reach, online
from gitops_operator.cli.online.words import age, commit_of, now, short
from gitops_operator.cli.tables import Row

_HEADINGS = ("ID", "REVISION", "WHEN", "BY")


def run(arguments: argparse.Namespace, console: Console) -> Exit:
    async def work(reach: Reach) -> Exit:
        body = await get_application(reach, await key_named(arguments, reach))
        say(body, arguments.output, console, now())
        return Exit.FINE

    return online(work, arguments, console)


def say(body: Mapping[str, Any], output: str, console: Console, moment: datetime) -> None:
    """In the form that is asked for."""
    entries = list(reversed((body.get("status") or {}).get("history") or ()))
    if output in {"json", "yaml"}:
        console.document({"history": entries}, output)
    elif entries:
        is_wide = output == "wide"
        headings = (*_HEADINGS, "COMMIT", "SOURCE", "SYNC") if is_wide else _HEADINGS
        console.table(headings, [_row(entry, moment, is_wide=is_wide) for entry in entries])
    else:
        console.note("No sync of it has succeeded yet.")


def _row(entry: Mapping[str, Any], moment: datetime, *, is_wide: bool) -> Row:
    revisions = [str(revision) for revision in entry.get("revisions") or ()]
    row = [
        str(entry.get("id", "")),
        ", ".join(revisions if is_wide else map(short, revisions)),
        f"{age(entry.get('deployedAt', ''), moment)} ago",
        (entry.get("initiatedBy") or {}).get("username", "") or "automated",
    ]
    if not is_wide:
        return row
    sources = [f"{one.get('repoURL', '')}, {one.get('path', '')}" for one in entry.get("sources") or ()]
    return [*row, commit_of(entry, moment), "; ".join(sources), str(entry.get("operation", ""))]
