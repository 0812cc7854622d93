"""Applications inside an Application: ours, and Argo CD's."""

from __future__ import annotations

from gitops_operator.health.view import (
    View,
    degraded,
    explain,
    healthy,
    is_true,
    progressing,
    suspended,
    unknown,
)
from gitops_operator.model.condition import Condition
from gitops_operator.model.health import Health, HealthStatus


def application(view: View) -> Health:
    """By its own status, once that speaks of its newest spec: before, it is Progressing, so that waves wait for it."""
    if not view.number("status.observedGeneration"):
        return progressing("Waiting for the Application to be observed")
    return view.behind() or _by_own_status(view)


def _by_own_status(view: View) -> Health:
    """Ready decides, and where it is not True, why.

    A health of Suspended counts only when Ready: an Application with a paused Deployment may still be in the middle of
    its sync, and Suspended does not hold a wave.
    """
    conditions = view.conditions()
    ready, stalled = conditions.get("Ready"), conditions.get("Stalled")
    health, message = view.text("status.health.status"), view.text("status.health.message")
    words = message or (explain(ready) if ready is not None else "")
    if is_true(ready):
        return suspended(message or "Application is suspended") if health == HealthStatus.SUSPENDED else healthy()
    paused = _pause(conditions)
    if paused is not None:
        return suspended(explain(paused))
    if stalled is not None and is_true(stalled):
        return degraded(explain(stalled) or "Application is stalled")
    if health == HealthStatus.DEGRADED:
        return degraded(words or "Application is degraded")
    return progressing(words or _unsynced(view))


def _pause(conditions: dict[str, Condition]) -> Condition | None:
    """The condition by which the Application says that its author suspended it: one of its own, or Ready's reason."""
    own, ready = conditions.get("Suspended"), conditions.get("Ready")
    if is_true(own):
        return own
    return ready if ready is not None and ready.reason == "Suspended" else None


def _unsynced(view: View) -> str:
    sync = view.text("status.sync.status")
    return f"Waiting for the Application to be ready, its sync status is {sync or 'not known yet'}"


def argo_application(view: View) -> Health:
    """What Argo CD says of it (Argo CD itself has no rule since 1.8: app-of-apps waves do not wait there)."""
    word = view.text("status.health.status")
    message = view.text("status.health.message")
    if not word:
        return progressing("Waiting for Argo CD to assess the Application")
    if word not in {status.value for status in HealthStatus}:
        return unknown(f"Argo CD says {word}")
    status = HealthStatus(word)
    return Health(status, message or ("" if status is HealthStatus.HEALTHY else f"Argo CD says {word}"))
