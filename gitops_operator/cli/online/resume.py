"""`kubectl gitops resume`: act on suspended Applications again, and follow Git again after a rollback."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial
from typing import Any

from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import Exit
from gitops_operator.cli.online.applications import chosen, edit, edit_operation, key_of
from gitops_operator.cli.online.reach import Reach, online
from gitops_operator.cli.online.sync import who
from gitops_operator.model.resource import Body


def run(arguments: argparse.Namespace, console: Console) -> Exit:
    async def work(reach: Reach) -> Exit:
        for body in await chosen(arguments, reach):
            key, is_suspended, is_kept = key_of(body), "suspend" in body["spec"], _is_kept(body)
            if is_suspended:
                await edit(reach.client, key, {"spec": {"suspend": None}})
                console.line(f"{key} is resumed")
            if is_kept:
                await edit_operation(reach, key, partial(_request, await who(reach)))
                console.line(f"{key} follows Git again")
            if not is_suspended and not is_kept:
                console.line(f"{key} is neither suspended nor rolled back")
        return Exit.FINE

    return online(work, arguments, console)


def _is_kept(body: Body) -> bool:
    """Whether it is at an earlier version, after a rollback or a failed atomic sync."""
    return bool(((body.get("status") or {}).get("operation") or {}).get("held"))


def _request(by: str, body: Body) -> Mapping[str, Any] | None:
    """What was asked for meanwhile ends it as well."""
    asked: Mapping[str, Any] | None = body.get("operation")
    return asked or {"resume": True, "initiatedBy": {"username": by}}
