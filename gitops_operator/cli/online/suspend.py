"""`kubectl gitops suspend`: stop acting on Applications."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import CommandError, Exit
from gitops_operator.cli.online.applications import chosen, edit, key_of
from gitops_operator.cli.online.reach import Reach, online
from gitops_operator.cli.online.words import now
from gitops_operator.model.duration import seconds_of
from gitops_operator.model.resource import TRACKING_ID


def run(arguments: argparse.Namespace, console: Console) -> Exit:
    until = until_of(arguments.until, now())
    wanted = {"until": until or None, "reason": arguments.reason or None}

    async def work(reach: Reach) -> Exit:
        for body in await chosen(arguments, reach):
            await edit(reach.client, key_of(body), {"spec": {"suspend": wanted}})
            said = f" until {until}" if until else ""
            console.line(f"{key_of(body)} is suspended{said}{f': {arguments.reason}' if arguments.reason else ''}")
            _warn(body, console)
        return Exit.FINE

    return online(work, arguments, console)


def until_of(text: str, moment: datetime) -> str:
    """When a suspension ends, as the Application has it; "" where that is not said.

    Raises:
        CommandError: it is neither a time to come nor a duration.
    """
    if not text:
        return ""
    try:
        end = moment + timedelta(seconds=seconds_of(text))
    except ValueError:
        end = _time(text)
    if end <= moment:
        raise CommandError(f"--until: {text} is over already")
    return end.strftime("%Y-%m-%dT%H:%M:%SZ") if end.utcoffset() == timedelta(0) else end.isoformat()


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(
            f"--until: {text!r} is neither a time, such as 2030-01-07T08:00:00Z, nor a duration, such as 2h"
        ) from None
    if time.tzinfo is None:
        raise CommandError(f"--until: {text} has no time zone; write {text}Z for UTC, or an offset such as +02:00")
    return time


def _warn(body: Mapping[str, Any], console: Console) -> None:
    """What its parent applies next time has no suspension in it."""
    if (body["metadata"].get("annotations") or {}).get(TRACKING_ID):
        console.note(
            f"warning: {key_of(body)} stands in Git itself, and its parent takes the suspension away where it heals "
            "drift: suspend that one, too, or commit the suspension"
        )
