"""How patient watching is: what to leave out, how long to wait, how much at once."""

from __future__ import annotations

import random
from dataclasses import dataclass

from gitops_operator.cluster.exclusions import DEFAULT_EXCLUSIONS
from gitops_operator.errors import ClusterError

_FIRST_DELAY = 0.2
_SOON = 5.0
_LATER = 60.0


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """Seconds and counts; with `namespaces`, only their objects are watched and no cluster-scoped kind is.

    `stall`: silence that ends a watch (bookmarks come each minute). `grace`: interruptions that nobody hears of.
    `list_silence`: after this a server is believed not to stream lists. `settle` and `echoes`: when to ask discovery
    after a CRD changed, and again, because the server's own discovery follows late. `rediscover`: when to ask anyway.
    """

    exclusions: tuple[str, ...] = DEFAULT_EXCLUSIONS
    namespaces: tuple[str, ...] = ()
    page: int = 500
    lists_at_once: int = 8
    stall: float = 70.0
    grace: float = 5.0
    list_silence: float = 10.0
    settle: float = 0.15
    echoes: tuple[float, ...] = (0.35, 1.0, 2.5)
    rediscover: float = 300.0


def is_passing(error: ClusterError) -> bool:
    """Whether a server is merely busy, starting or out of reach, and not refusing."""
    return error.status in {0, 410, 429, 504} or (error.status == 503 and bool(error.api_reason))


def delay(failures: int, error: ClusterError | None = None) -> float:
    """Seconds until the next try after some failures in a row: doubling, jittered, sooner capped when passing."""
    if failures == 0:
        return 0.0
    cap = _LATER if error and not is_passing(error) else _SOON
    wanted: float = min(cap, _FIRST_DELAY * 2 ** min(failures - 1, 16))
    asked = min(error.retry_after, _SOON) if error else 0.0
    return max(asked, wanted * random.uniform(0.5, 1.0))  # noqa: S311 – spreads load, protects nothing
