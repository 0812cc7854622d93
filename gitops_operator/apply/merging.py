"""Kinds without server-side apply: a merge patch of what we applied last, what lives, and what Git wants."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gitops_operator.apply.custody import read
from gitops_operator.apply.writer import Writer, Written
from gitops_operator.model.digest import canonical_json
from gitops_operator.model.resource import PREFIX, Body
from gitops_operator.model.step import Task

LAST_APPLIED = PREFIX + "last-applied"


async def merge(task: Task, writer: Writer, body: Body) -> Written:
    """Create the object, or patch what differs."""
    live = await read(task, writer)
    wanted = with_last_applied(body)
    if live is None:
        written = await writer.create(task, wanted)
        return written._replace(created=True)
    patch = merge_patch(_last_applied(live), wanted, live)
    if not patch:
        return Written(canonical_json(live))
    version = {"resourceVersion": live["metadata"]["resourceVersion"]}
    return await writer.merge_patch(task, {**patch, "metadata": {**patch.get("metadata", {}), **version}})


def with_last_applied(body: Body) -> Body:
    """The body with itself in an annotation."""
    metadata = {name: value for name, value in body["metadata"].items() if name != "resourceVersion"}
    text = canonical_json({**body, "metadata": metadata}).decode()
    return {**body, "metadata": {**metadata, "annotations": {**metadata.get("annotations", {}), LAST_APPLIED: text}}}


def _last_applied(live: Body) -> Body:
    text = (live["metadata"].get("annotations") or {}).get(LAST_APPLIED, "{}")
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def merge_patch(last: Mapping[str, Any], wanted: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    """What turns live into wanted: what we wanted last and do not any more becomes null; lists are whole."""
    patch: dict[str, Any] = {name: None for name in last if name not in wanted and name in live}
    for name, value in wanted.items():
        found = live.get(name)
        if isinstance(value, Mapping) and isinstance(found, Mapping):
            before = last.get(name)
            inner = merge_patch(before if isinstance(before, Mapping) else {}, value, found)
            if inner:
                patch[name] = inner
        elif found != value:
            patch[name] = value
    return patch
