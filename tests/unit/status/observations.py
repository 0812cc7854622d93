"""Passes as status sees them, built from what a test is about."""

from dataclasses import replace
from typing import Any

from gitops_operator.model.change import Change
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.revision import Revision
from gitops_operator.status import Observation, report
from tests.unit.plan.situations import NOW, SHA, application

WELL = Health(HealthStatus.HEALTHY)


def observation(*changes: Change, **more: Any) -> Observation:
    """A pass that compared; more: `status` as it is stored, `app`, and any field."""
    app = replace(more.pop("app", None) or application(), status=more.pop("status", {}))
    base: dict[str, Any] = {
        "application": app,
        "now": NOW,
        "revision": Revision(SHA, "main"),
        "changes": changes,
        "health": WELL,
    }
    return Observation(**{**base, **more})


def conditions(seen: Observation) -> dict[str, dict[str, Any]]:
    return {item["type"]: item for item in report(seen)["conditions"]}


def said(seen: Observation, kind: str) -> tuple[str, str, str]:
    item = conditions(seen)[kind]
    return item["status"], item["reason"], item["message"]


def short(seen: Observation, kind: str) -> tuple[str, str]:
    return said(seen, kind)[:2]
