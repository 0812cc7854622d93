"""PRUNE: delete exactly the object that was compared, as long as it is still ours."""

from __future__ import annotations

from gitops_operator.apply.custody import read
from gitops_operator.apply.writer import Writer
from gitops_operator.errors import ApplyError, ClusterError
from gitops_operator.model.resource import TRACKING_ID, Body
from gitops_operator.model.step import Outcome, Result, Task
from gitops_operator.model.tracking import counts_on, parse_tracking_id

_BOUND = 3


async def prune(task: Task, writer: Writer) -> Outcome:
    """Delete the object, at first only in the version that was compared; a hot one by its uid alone in the end."""
    version = task.resource_version
    for attempt in range(_BOUND + 2):
        try:
            await writer.delete(task, uid=task.uid, resource_version=version if attempt < _BOUND else "")
        except ClusterError as error:
            if error.status == 404:
                return Outcome(task.key, task.kind, Result.GONE)
            if error.status != 409:
                raise
            live = await _still_there(task, writer)
            if live is None:
                return Outcome(task.key, task.kind, Result.GONE)
            version = live["metadata"]["resourceVersion"]
        else:
            return Outcome(task.key, task.kind, Result.PRUNED)
    message = f"{task.key} changes faster than it can be deleted; it is tried again."
    raise ApplyError(message, reason="Conflict", transient=True)


async def validate_prune(task: Task, writer: Writer) -> Outcome:
    """Would the delete be refused? That the object moved or went meanwhile is no reason to stop."""
    try:
        await writer.delete(task, uid=task.uid, dry_run=True)
    except ClusterError as error:
        if error.status not in {404, 409}:
            raise
    return Outcome(task.key, task.kind, Result.VALID)


async def _still_there(task: Task, writer: Writer) -> Body | None:
    """The object as it is now, None when it is gone or another one stands in its place.

    Raises:
        ApplyError: it is not ours to delete any more.
    """
    try:
        live = await read(task, writer)
    except ApplyError:
        return None
    if live is None:
        return None
    text = (live["metadata"].get("annotations") or {}).get(TRACKING_ID, "")
    if text == task.tracking_id or (not task.tracking_id and counts_on(parse_tracking_id(text), task.key)):
        return live
    raise ApplyError(f"{task.key} is not tracked by this Application any more and stays.", reason="OwnershipConflict")
