"""`kubectl gitops terminate`: end the sync that runs."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import CommandError, Exit
from gitops_operator.cli.online.applications import Scope, edit_operation, follow, key_named
from gitops_operator.cli.online.progress import Progress
from gitops_operator.cli.online.reach import Reach, online
from gitops_operator.cli.online.sync import who
from gitops_operator.cli.online.wait import limit_of
from gitops_operator.cli.tables import printable
from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.operation import Operation
from gitops_operator.model.parsing import parse_application
from gitops_operator.model.resource import Body


def run(arguments: argparse.Namespace, console: Console) -> Exit:
    limit = limit_of(arguments.timeout)

    async def work(reach: Reach) -> Exit:
        key = await key_named(arguments, reach)
        running = await _ask(reach, key)
        if running is None:
            console.line(f"The sync of {key} had not begun, and the request is taken back.")
            return Exit.FINE
        return await _until_it_ends(reach, console, key, running, limit)

    return online(work, arguments, console)


async def _ask(reach: Reach, key: ApplicationKey) -> Operation | None:
    """The operation that is to end; None: it was only asked for, and is not any more."""
    request = {"terminate": True, "initiatedBy": {"username": await who(reach)}}

    def wanted(body: Body) -> Mapping[str, Any] | None:
        running = _running(body)
        if running is None and parse_application(body).request is None:
            raise CommandError(f"no sync of {key} runs, and none is asked for", Exit.SEEN)
        return request if running else None

    before, _ = await edit_operation(reach, key, wanted)
    return _running(before)


def _running(body: Body) -> Operation | None:
    operation = parse_application(body).operation
    return operation if operation is not None and operation.is_running else None


async def _until_it_ends(
    reach: Reach, console: Console, key: ApplicationKey, running: Operation, limit: float | None
) -> Exit:
    progress = Progress(console)
    progress.tell(key, f"{key}: waits for the operator to end sync {running.id}")
    try:
        async with asyncio.timeout(limit):
            ended = await _ended(reach, key, running)
    except TimeoutError:
        console.error(f"sync {running.id} of {key} did not end within {limit:g} s; is the operator running?")
        return Exit.TIMED_OUT
    finally:
        progress.clear()
    console.line(printable(f"Sync {running.id} of {key} has ended: {ended or 'the Application is gone.'}"))
    return Exit.FINE


async def _ended(reach: Reach, key: ApplicationKey, running: Operation) -> str:
    """What the operation says at its end; "" where the Application is gone."""
    async with aclosing(follow(reach.client, Scope(key.namespace, "", (key,)))) as changes:
        async for seen in changes:
            if seen.body is None:
                return ""
            operation = parse_application(seen.body).operation
            if operation is None or operation.id != running.id:
                return "another one has begun."
            if not operation.is_running:
                return operation.message or str(operation.phase)
    raise AssertionError  # a follow has no end
