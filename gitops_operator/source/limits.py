"""How often, how long, how many and how much: the numbers of the Git side, and who is told what happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.revision import Revision

_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds.

    `interval` between two polls of a repository, spread by ± `jitter` of it; after errors the waits double from an
    eighth of it to `backoff_limit`. A repository whose pushes are told by webhooks is polled `told_stretch` times less
    often, and looked at for them once in `told_spacing` at most. `timeout` is for a connection and for the silence of a
    server, `deadline` for one look with its fetch in all.
    """

    interval: float = 60.0
    jitter: float = 0.1
    backoff_limit: float = 600.0
    told_stretch: float = 5.0
    told_spacing: float = 1.0
    timeout: float = 20.0
    deadline: float = 600.0
    per_host: int = 4
    threads: int = 32
    pack_limit: int = 200
    max_age: float = 7 * 86400.0
    max_bytes: int = 20 * _GIB
    sweep_interval: float = 3600.0
    allow_file: bool = False


class Observer(Protocol):
    """Told what happens, for metrics."""

    def request(self, host: str, operation: str, result: str) -> None:
        """One `list`, `fetch` or `clone` ended with "ok" or with the reason word of its error."""

    def fetched(self, host: str, seconds: float) -> None:
        """A fetch or clone brought what was wanted."""

    def detected(self, key: ApplicationKey, revision: Revision, committed_at: float) -> None:
        """An Application was woken for a commit; `committed_at` is in seconds since 1970."""


class Silence:
    """An Observer that listens to nothing."""

    def request(self, host: str, operation: str, result: str) -> None:
        pass

    def fetched(self, host: str, seconds: float) -> None:
        pass

    def detected(self, key: ApplicationKey, revision: Revision, committed_at: float) -> None:
        pass
