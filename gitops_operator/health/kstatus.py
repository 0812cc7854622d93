"""Kinds without a rule of their own: what their conditions say, as kstatus reads them.

After https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus (status/generic.go and its README): the
generation first, then Reconciling and Stalled, then Ready, whose False is work in progress, not failure: only Stalled
says that waiting does not help. Available is ours, for kinds that have it instead of Ready. Where kstatus calls an
object without any of these "Current" we say nothing (None), which counts the same. A spec that was observed *ahead* of
its generation (an object restored from a backup) is not waited for: kstatus would wait for ever.
"""

from __future__ import annotations

from gitops_operator.health.view import MalformedError, View, explain
from gitops_operator.model.condition import Condition
from gitops_operator.model.health import Health, HealthStatus

_READINGS = (
    ("Reconciling", "True", HealthStatus.PROGRESSING),
    ("Stalled", "True", HealthStatus.DEGRADED),
    ("Ready", "True", HealthStatus.HEALTHY),
    ("Ready", "False", HealthStatus.PROGRESSING),
    ("Ready", "Unknown", HealthStatus.PROGRESSING),
    ("Available", "True", HealthStatus.HEALTHY),
    ("Available", "False", HealthStatus.PROGRESSING),
    ("Available", "Unknown", HealthStatus.PROGRESSING),
)
"""The first condition that stands with that status decides."""


def by_conditions(view: View) -> Health | None:
    """The health that generation and conditions say, None when they say none."""
    return _behind(view) or _first_reading(_conditions(view))


def _first_reading(conditions: dict[str, Condition]) -> Health | None:
    for name, status, health in _READINGS:
        condition = conditions.get(name)
        if condition is not None and condition.status == status:
            words = explain(condition) or f"{name} is {status}"
            return Health(health, "" if health is HealthStatus.HEALTHY else words)
    return None


def _behind(view: View) -> Health | None:
    """As `View.behind`, but only where the kind observes generations as numbers (Argo Rollouts writes them as text)."""
    try:
        return view.behind() if view.mapping("status").get("observedGeneration") is not None else None
    except MalformedError:
        return None


def _conditions(view: View) -> dict[str, Condition]:
    """A custom kind is free to give `status.conditions` another shape: then they say nothing."""
    try:
        return view.conditions()
    except MalformedError:
        return {}
