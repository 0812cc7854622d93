"""A comparison as JSON data, for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gitops_operator.cli.online.comparison import Compared
from gitops_operator.model.change import Change, Difference
from gitops_operator.model.resource import Origin


def as_data(compared: Compared) -> dict[str, Any]:
    """For programs."""
    application = compared.application
    return {
        "application": {"namespace": application.key.namespace, "name": application.key.name},
        "revision": compared.desired.revision.sha,
        "objects": [object_data(change, compared.differences.get(change.key, ())) for change in compared.differing],
    }


def object_data(change: Change, differences: Iterable[Difference]) -> dict[str, Any]:
    """One object that was compared."""
    key, origin = change.key, change.desired.origin if change.desired else None
    return {
        "group": key.group,
        "kind": key.kind,
        "namespace": key.namespace,
        "name": key.name,
        "action": str(change.action),
        "reason": str(change.why),
        "message": change.message,
        **_place(origin),
        "differences": [field_data(one) for one in differences],
    }


def field_data(one: Difference) -> dict[str, Any]:
    """One field."""
    return {
        "path": one.path,
        "desired": one.desired,
        "live": one.live,
        "manager": one.manager,
        "since": one.since,
        **_place(one.origin if one.location else None),
    }


def _place(origin: Origin | None) -> dict[str, Any]:
    return {"file": origin.file, "line": origin.line} if origin and origin.file else {"file": None, "line": None}
