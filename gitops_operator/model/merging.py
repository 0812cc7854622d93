"""Kinds without server-side apply: what we applied last stands in an annotation, and a merge patch is what differs."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from functools import reduce
from typing import Any

from gitops_operator.model.digest import canonical_json
from gitops_operator.model.fields_v1 import Path, left_out
from gitops_operator.model.resource import PREFIX, Body

LAST_APPLIED = PREFIX + "last-applied"


def with_last_applied(body: Body) -> Body:
    """The body with itself in an annotation."""
    metadata = {name: value for name, value in body["metadata"].items() if name != "resourceVersion"}
    text = canonical_json({**body, "metadata": metadata}).decode()
    return {**body, "metadata": {**metadata, "annotations": {**metadata.get("annotations", {}), LAST_APPLIED: text}}}


def difference(wanted: Body, live: Body, ignored: Collection[Path] = ()) -> dict[str, Any]:
    """The merge patch that turns live into what `with_last_applied` gave; empty where nothing differs.

    Ignored fields, which `wanted` lacks already, are not taken away because we wanted them once.
    """
    return merge_patch(reduce(left_out, ignored, _last_applied(live)), wanted, live)


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


def _last_applied(live: Body) -> Body:
    text = (live["metadata"].get("annotations") or {}).get(LAST_APPLIED, "{}")
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
