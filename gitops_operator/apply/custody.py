"""Before an apply: fields of other tools become ours, and those that we lost come back, where that decides much."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from gitops_operator.apply.writer import Writer
from gitops_operator.errors import ApplyError, ClusterError
from gitops_operator.model.adoption import JsonPatch, adoption_patch, previous_fields_patch
from gitops_operator.model.managed_fields import HANDED_OVER
from gitops_operator.model.resource import HANDOVER, Body
from gitops_operator.model.sending import body_to_send
from gitops_operator.model.step import Task

ATTEMPTS = 5

MakePatch = Callable[[Body], JsonPatch | None]


async def prepare(task: Task, writer: Writer) -> tuple[Body, str]:
    """The body to apply and the resourceVersion that live then has ("" where it was not read)."""
    body = body_of(task)
    if not task.uid or not (task.migrates or task.care.previous or task.care.ignored):
        return body, ""
    live: Body | None = None
    for make_patch in _patches(task):
        live = await patched(task, writer, make_patch)
        if live is None:
            return body, ""
    if task.desired is not None and live is not None:
        body = body_to_send(task.desired, live, task.care.ignored)
    return body, live["metadata"]["resourceVersion"] if live else ""


def body_of(task: Task) -> Body:
    """What the task sends.

    Raises:
        ApplyError: nothing: the task cannot be one that writes.
    """
    if task.body is None:
        raise ApplyError(f"{task.desired or task.key}: the task has nothing to send.", reason="NothingToSend")
    return task.body


def _patches(task: Task) -> list[MakePatch]:
    patches: list[MakePatch] = [_adopted] if task.migrates else []
    previous, body = task.care.previous, body_of(task)
    if previous:
        patches.append(lambda live: previous_fields_patch(live, previous, body))
    return patches or [lambda _: None]


def _adopted(live: Body) -> JsonPatch | None:
    annotations = live["metadata"].get("annotations") or {}
    return adoption_patch(live, HANDED_OVER if HANDOVER in annotations else frozenset())


async def patched(task: Task, writer: Writer, make_patch: MakePatch) -> Body | None:
    """The object after a patch that is computed from it, and again when it moved meanwhile; None when it is gone."""
    for attempt in range(ATTEMPTS):
        live = await read(task, writer)
        if live is None:
            return None
        patch = make_patch(live)
        if patch is None:
            return live
        try:
            written = await writer.json_patch(task, patch)
        except ClusterError as error:
            if error.status != 409 or attempt == ATTEMPTS - 1:
                raise
        else:
            return decoded(written.body)
    return None


async def read(task: Task, writer: Writer) -> Body | None:
    """The object as it is now, None when it is gone.

    Raises:
        ApplyError: another object stands there now.
    """
    try:
        live = decoded(await writer.get(task))
    except ClusterError as error:
        if error.status == 404 and error.api_reason:
            return None
        raise
    if task.uid and live["metadata"].get("uid") != task.uid:
        message = f"{task.desired or task.key}: the object was deleted and made anew meanwhile; it is compared again."
        raise ApplyError(message, reason="Conflict", transient=True)
    return live


def decoded(body: bytes) -> dict[str, Any]:
    """An object as the server sent it."""
    return json.loads(body)  # type: ignore[no-any-return]
