"""The health of an Application: that of its worst object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from heapq import nsmallest

from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.resource import ARGO_PREFIX, PREFIX, ResourceKey

_IGNORE = (PREFIX + "ignore-healthcheck", ARGO_PREFIX + "ignore-healthcheck")
_NAMED = 3


def worst(healths: Iterable[tuple[ResourceKey, Health | None]]) -> Health:
    """As healthy as the worst object; the message names up to three such, by key, and counts the rest.

    Nothing, or nothing with health, is Healthy. The caller leaves out what does not count: hooks, the Application
    itself, and objects whose annotations say so (`counts`).
    """
    status = HealthStatus.HEALTHY
    culprits: list[tuple[ResourceKey, str]] = []
    for key, health in healths:
        if health is None or status.is_worse_than(health.status):
            continue
        if health.status is not status:
            status, culprits = health.status, []
        culprits.append((key, health.message))
    return Health(status) if status is HealthStatus.HEALTHY else Health(status, _message(status, culprits))


def counts(annotations: Mapping[str, str]) -> bool:
    """Whether an object counts for the Application's health: not with `ignore-healthcheck: "true"` of either prefix."""
    return all(annotations.get(name) != "true" for name in _IGNORE)


def _message(status: HealthStatus, culprits: list[tuple[ResourceKey, str]]) -> str:
    named = nsmallest(_NAMED, culprits)
    parts = [f"{key} ({message})" if message else str(key) for key, message in named]
    rest = len(culprits) - len(named)
    if rest:
        parts.append(f"and {rest} more")
    return f"{status}: {', '.join(parts)}"
