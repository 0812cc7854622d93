"""How well a live object does."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class HealthStatus(StrEnum):
    """Argo CD's words, from best to worst."""

    HEALTHY = "Healthy"
    SUSPENDED = "Suspended"
    PROGRESSING = "Progressing"
    MISSING = "Missing"
    DEGRADED = "Degraded"
    UNKNOWN = "Unknown"

    def is_worse_than(self, other: HealthStatus) -> bool:
        """Whether this status is further from Healthy than the other."""
        return _SEVERITY[self] > _SEVERITY[other]


_SEVERITY = {status: severity for severity, status in enumerate(HealthStatus)}


class Health(NamedTuple):
    """A status and the sentence that explains it ("" when there is nothing to explain)."""

    status: HealthStatus
    message: str = ""
