"""What all repositories share: the mirror folder, the threads, the sessions, and the slots per host."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from gitops_operator.model.application import ApplicationKey
from gitops_operator.source.bridge import Bridge
from gitops_operator.source.github_app import AppTokens
from gitops_operator.source.limits import Limits, Observer
from gitops_operator.source.sessions import Sessions
from gitops_operator.source.store import Store

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Environment:
    """`wake` says that an Application should look again; `clock` is monotonic, `now` in seconds since 1970.

    `spread` gives numbers from 0 to 1.
    """

    limits: Limits
    observer: Observer
    wake: Callable[[ApplicationKey], None]
    clock: Callable[[], float]
    now: Callable[[], float]
    spread: Callable[[], float]
    store: Store
    bridge: Bridge
    sessions: Sessions
    apps: AppTokens
    threads: ThreadPoolExecutor
    _slots: dict[str, asyncio.Semaphore] = field(default_factory=dict)

    def slot(self, host: str) -> asyncio.Semaphore:
        """One of the few places for work with a host: one that hangs fills only its own."""
        return self._slots.setdefault(host, asyncio.Semaphore(self.limits.per_host))

    async def in_thread(self, work: Callable[[], _T]) -> _T:
        """Run something local that blocks."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, work)

    def jittered(self, seconds: float) -> float:
        return seconds * (1 + self.limits.jitter * (2 * self.spread() - 1))
