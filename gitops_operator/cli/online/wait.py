"""`kubectl gitops wait`: until Applications are as one wants them."""

from __future__ import annotations

import argparse
import asyncio
from contextlib import aclosing

from gitops_operator.cli.console import Console
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
from gitops_operator.cli.online.goals import GoneError, goal_of
from gitops_operator.cli.online.progress import Progress
from gitops_operator.cli.online.reach import Reach, online
from gitops_operator.cli.online.words import plural
from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.duration import seconds_of

_DELETED = frozenset({"deleted", "delete"})


def run(arguments: argparse.Namespace, console: Console) -> Exit:
    limit = limit_of(arguments.timeout)
    waiting = _Waiting(arguments.goal, console)

    async def work(reach: Reach) -> Exit:
        scope = await _existing(arguments, reach)
        return await waiting.run(reach, scope, limit)

    return online(work, arguments, console)


def limit_of(text: str) -> float | None:
    """Seconds; None is for ever."""
    try:
        return seconds_of(text) or None
    except ValueError as error:
        raise CommandError(f"--timeout: {error}") from None


async def _existing(arguments: argparse.Namespace, reach: Reach) -> Scope:
    """The Applications of now: one that comes later is not waited for."""
    scope = await scope_of(arguments, reach)
    if not (scope.keys or scope.labels or arguments.all_namespaces):
        raise CommandError("name the Applications, or choose them with -l or -A")
    if not scope.keys:
        found = [key_of(body) for body in await list_applications(reach.client, scope)]
        if not found:
            raise CommandError("no Application matches")
        return Scope(scope.namespace, scope.labels, tuple(found))
    if arguments.goal not in _DELETED:
        for key in scope.keys:
            await get_application(reach, key)
    return scope


class _Waiting:
    """What each Application still lacks."""

    def __init__(self, goal: str, console: Console) -> None:
        self._goal_word, self._lacks = goal, goal_of(goal)
        self._console, self._progress = console, Progress(console)
        self._open: dict[ApplicationKey, str] = {}
        self._gone: list[ApplicationKey] = []

    async def run(self, reach: Reach, scope: Scope, limit: float | None) -> Exit:
        self._open = dict.fromkeys(scope.keys, "nothing is known yet")
        try:
            async with asyncio.timeout(limit):
                await self._until(reach, scope)
        except TimeoutError:
            return self._timed_out(limit)
        finally:
            self._progress.clear()
        return Exit.SEEN if self._gone else Exit.FINE

    async def _until(self, reach: Reach, scope: Scope) -> None:
        if self._goal_word in _DELETED:  # what is gone already never shows up
            there = {key_of(body) for body in await list_applications(reach.client, scope)}
            for key in [key for key in self._open if key not in there]:
                self._take(Seen(key, None))
        names = Scope(scope.namespace, "", scope.keys)
        async with aclosing(follow(reach.client, names)) as changes:
            while self._open:
                self._take(await anext(changes))

    def _take(self, seen: Seen) -> None:
        if seen.key not in self._open:
            return
        try:
            lacks = self._lacks(seen.body)
        except GoneError:
            del self._open[seen.key]
            self._gone.append(seen.key)
            self._end(seen.key, "was deleted while it was waited for")
            return
        self._open[seen.key] = lacks
        if lacks:
            self._progress.tell(seen.key, f"{seen.key}: {lacks}")
        else:
            del self._open[seen.key]
            self._end(seen.key, f"is {self._goal_word}" if "=" not in self._goal_word else f"has {self._goal_word}")

    def _end(self, key: ApplicationKey, said: str) -> None:
        self._progress.tell(key, "")
        self._progress.clear()
        self._console.line(f"{key} {said}")
        self._console.flush()

    def _timed_out(self, limit: float | None) -> Exit:
        self._progress.clear()
        for key, lacks in self._open.items():
            self._console.note(f"{key} is not {self._goal_word}: {lacks}")
        self._console.error(f"{plural(len(self._open), 'Application')} did not get there within {limit:g} s")
        return Exit.TIMED_OUT
