"""Takes keys from the queue and walks the line for each, while this process leads."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum

from gitops_operator import logs
from gitops_operator.errors import ClusterError
from gitops_operator.metrics import Metrics
from gitops_operator.model.application import ApplicationKey
from gitops_operator.reconciler import Reconciler
from gitops_operator.turn import GivenUpError
from gitops_operator.wakeups import Priority, Wakeups
from gitops_operator.writes import LeadershipLostError

_SOON, _LATEST = 0.05, 60.0
_MOVED_MEANWHILE = frozenset({404, 409})

_log = logging.getLogger(__name__)


class _Again(StrEnum):
    """Why a pass is run again: the Application moved meanwhile, the API server refused its status, or a bug."""

    CONFLICT = "conflict"
    API = "api"
    BUG = "bug"


class Workers:
    """Passes, some of them side by side, one at a time for each Application."""

    def __init__(
        self,
        reconciler: Reconciler,
        wakeups: Wakeups,
        is_leader: Callable[[], bool],
        metrics: Metrics,
        *,
        look_interval: float,
    ) -> None:
        self._reconciler, self._wakeups, self._is_leader, self._metrics = reconciler, wakeups, is_leader, metrics
        self._look_interval = look_interval
        self._failures: dict[ApplicationKey, int] = {}
        self._stopping = False
        for reason in _Again:  # a series that began with its first value would hide that one from increase()
            metrics.reconcile_failures.labels(str(reason))
        for priority in Priority:
            metrics.queue_wait_seconds.labels(priority.name.lower())
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self, number: int) -> None:
        """So many workers, until cancelled or until `stop` was asked for and each has finished what it had in hand."""
        async with asyncio.TaskGroup() as group:
            for _ in range(number):
                group.create_task(self._work())

    async def stop(self, patience: float) -> None:
        """Take no further key, and wait for the passes in hand."""
        self._stopping = True
        try:
            async with asyncio.timeout(patience):
                await self._idle.wait()
        except TimeoutError:
            _log.warning("a pass did not end in %g s; what it left is done by the next leader", patience)

    @property
    def has_room(self) -> bool:
        """Whether nobody works though somebody could."""
        return self._busy == 0

    async def _work(self) -> None:
        while True:
            key, priority, waited = await self._wakeups.next()
            assert isinstance(key, ApplicationKey)  # noqa: S101 - nothing else is ever woken; the queue need not know
            if self._stopping:
                return
            if not self._is_leader():  # who begins to lead looks at everything
                self._wakeups.done(key)
                continue
            self._metrics.queue_wait_seconds.labels(priority.name.lower()).observe(waited)
            self._busy += 1
            self._idle.clear()
            try:
                with logs.context(application=str(key)), self._metrics.reconcile_seconds.time():
                    await self._pass(key)
            finally:
                self._busy -= 1
                if not self._busy:
                    self._idle.set()
                self._wakeups.done(key)

    async def _pass(self, key: ApplicationKey) -> None:
        try:
            self._plan(key, await self._reconciler.reconcile(key))
        except GivenUpError:
            _log.debug("the pass ends with the operator")
        except LeadershipLostError:
            _log.info("the pass ends: another operator leads now")
        except ClusterError as error:
            self._again(key, error)
        except Exception:  # noqa: BLE001 - the edge: a bug costs one Application a pass, not the operator its life
            _log.exception("a pass failed")
            self._again(key, None)

    def _plan(self, key: ApplicationKey, due: datetime | None) -> None:
        self._failures.pop(key, None)
        if due is None and not self._reconciler.remembers(key):
            self._wakeups.forget(key)
            return
        clock = asyncio.get_running_loop().time()
        spread = self._look_interval * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, protects nothing
        wait = spread if due is None else min(spread, (due - datetime.now(UTC)).total_seconds())
        if wait <= 0:
            self._wakeups.wake(key, Priority.COMMIT)
        else:
            self._wakeups.wake_at(key, clock + wait)

    def _again(self, key: ApplicationKey, error: ClusterError | None) -> None:
        """The Application moved meanwhile: at once, when the cache has seen it. Else later and later."""
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        has_moved = error is not None and error.status in _MOVED_MEANWHILE
        why = _Again.BUG if error is None else _Again.CONFLICT if has_moved else _Again.API
        self._metrics.reconcile_failures.labels(str(why)).inc()
        if error is not None and not has_moved:
            _log.warning("the Application could not be written: %s", error.message)
        wait = min((_SOON if has_moved else 1.0) * 2 ** min(failures - 1, 10), _LATEST)
        clock = asyncio.get_running_loop().time()
        self._wakeups.wake_at(key, clock + max(wait, error.retry_after if error else 0.0), Priority.COMMIT)
