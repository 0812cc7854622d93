"""`kubectl gitops refresh`: have the operator look at Git and cluster now, and say what it found."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import CommandError, Exit
from gitops_operator.cli.online.applications import (
    Scope,
    Seen,
    chosen,
    edit,
    follow,
    key_of,
)
from gitops_operator.cli.online.progress import Progress
from gitops_operator.cli.online.reach import Reach, online
from gitops_operator.cli.online.wait import limit_of
from gitops_operator.cli.online.words import condition, health_of, revision_of, short, sync_of
from gitops_operator.model.application import REFRESH, ApplicationKey

_CALM = 1.5
"""The operator takes the annotation away, then reports what it sees: after so many seconds of silence it has."""


def run(arguments: argparse.Namespace, console: Console) -> Exit:
    limit = limit_of(arguments.timeout)
    word = "hard" if arguments.hard else "normal"

    async def work(reach: Reach) -> Exit:
        keys = [key_of(body) for body in await chosen(arguments, reach)]
        for key in keys:
            await edit(reach.client, key, {"metadata": {"annotations": {REFRESH: word}}})
        if arguments.asynchronous:
            for key in keys:
                console.line(f"{key} will be looked at")
            return Exit.FINE
        return await _looked(reach, console, keys, limit)

    return online(work, arguments, console)


async def _looked(reach: Reach, console: Console, keys: list[ApplicationKey], limit: float | None) -> Exit:
    looks = _Looks(keys, Progress(console))
    try:
        async with asyncio.timeout(limit):
            await looks.run(reach)
    except TimeoutError:
        late = ", ".join(str(key) for key in looks.open)
        console.error(f"no look at {late} within {limit:g} s; is the operator running, and does it act there?")
        return Exit.TIMED_OUT
    finally:
        looks.progress.clear()
    return max((_say(console, body) for body in looks.latest.values()), default=Exit.FINE)


class _Looks:
    """Which Applications the operator still has to look at, and what the others are like since."""

    def __init__(self, keys: list[ApplicationKey], progress: Progress) -> None:
        self.open, self.latest = dict.fromkeys(keys), dict[ApplicationKey, Mapping[str, Any]]()
        self.progress, self._scope = progress, Scope(keys[0].namespace, "", tuple(keys))

    async def run(self, reach: Reach) -> None:
        """Until every look has ended and nothing has moved for a moment."""
        async with aclosing(follow(reach.client, self._scope)) as changes:
            while True:
                try:
                    async with asyncio.timeout(None if self.open else _CALM):
                        self._take(await anext(changes))
                except TimeoutError:
                    if self.open:  # it was the whole wait that timed out
                        raise
                    return

    def _take(self, seen: Seen) -> None:
        if seen.body is None:
            raise CommandError(f"Application {seen.key} was deleted meanwhile", Exit.SEEN)
        if (seen.body["metadata"].get("annotations") or {}).get(REFRESH):
            self.progress.tell(seen.key, f"{seen.key}: the operator looks at Git and cluster")
            return
        self.open.pop(seen.key, None)
        self.latest[seen.key] = seen.body
        self.progress.tell(seen.key, "")


def _say(console: Console, body: Mapping[str, Any]) -> Exit:
    """What the look showed."""
    revision = f" at {short(revision_of(body))}" if revision_of(body) else ""
    console.line(f"{key_of(body)} is {sync_of(body)}{revision}, {health_of(body)}")
    synced = condition(body, "Synced")
    if sync_of(body) == "Unknown":
        console.note(f"{synced.get('reason', 'Unknown')}: {synced.get('message', 'nothing is known yet')}")
        return Exit.SEEN
    return Exit.FINE
