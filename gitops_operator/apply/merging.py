"""Kinds without server-side apply: they are created, or patched with what differs."""

from __future__ import annotations

from gitops_operator.apply.custody import read
from gitops_operator.apply.writer import Writer, Written
from gitops_operator.model.digest import canonical_json
from gitops_operator.model.merging import difference, with_last_applied
from gitops_operator.model.resource import Body
from gitops_operator.model.step import Task


async def merge(task: Task, writer: Writer, body: Body) -> Written:
    """Create the object, or patch what differs."""
    live = await read(task, writer)
    wanted = with_last_applied(body)
    if live is None:
        written = await writer.create(task, wanted)
        return written._replace(created=True)
    patch = difference(wanted, live, task.care.ignored)
    if not patch:
        return Written(canonical_json(live))
    version = {"resourceVersion": live["metadata"]["resourceVersion"]}
    return await writer.merge_patch(task, {**patch, "metadata": {**patch.get("metadata", {}), **version}})
