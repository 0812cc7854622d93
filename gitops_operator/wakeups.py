"""The queue of keys: de-duplicated, by priority, fair between namespaces; and when to look again."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

_SLACK = 64  # entries of replaced looks that are kept before they are swept out


class Key(Protocol):
    """What travels: anything hashable that knows its namespace."""

    @property
    def namespace(self) -> str:
        """The share of the queue that the key belongs to."""

    def __hash__(self) -> int: ...


class Priority(IntEnum):
    """Why somebody looks again; the lowest number goes first."""

    USER = 0
    COMMIT = 1
    DRIFT = 2
    DEPENDENCY = 3
    PERIODIC = 4


@dataclass(slots=True)
class _Waiting:
    priority: Priority
    since: float


@dataclass(slots=True)
class _Share:
    """The waiting keys of one priority: one line a namespace, served in turn."""

    lines: dict[str, deque[Key]] = field(default_factory=dict)
    turns: deque[str] = field(default_factory=deque)

    def add(self, key: Key) -> None:
        line = self.lines.get(key.namespace)
        if line is None:
            self.lines[key.namespace] = line = deque()
            self.turns.append(key.namespace)
        line.append(key)

    def pop(self) -> Key | None:
        if not self.turns:
            return None
        namespace = self.turns.popleft()
        line = self.lines[namespace]
        key = line.popleft()
        if line:
            self.turns.append(namespace)
        else:
            del self.lines[namespace]
        return key


class Wakeups:
    """Keys to look at. A key waits at most once and is handed to one worker at a time.

    A wake-up while its key is being worked on makes it wait again afterwards. `clock` is monotonic, in seconds. All
    methods belong to one event loop; only `wake_threadsafe` may be called from elsewhere.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._shares = {priority: _Share() for priority in Priority}
        self._waiting: dict[Key, _Waiting] = {}
        self._working: dict[Key, float] = {}
        self._again: dict[Key, Priority] = {}
        self._due: list[tuple[float, int, Key, Priority]] = []
        self._planned: dict[Key, int] = {}  # the order of the one entry of `_due` that counts
        self._order = itertools.count()
        self._something = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Name the loop that `wake_threadsafe` hands keys to."""
        self._loop = loop

    def wake_threadsafe(self, key: Key, priority: Priority) -> None:
        """Look at the key soon; from any thread. Before `bind` and after the loop has ended it is dropped."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self.wake, key, priority)

    def wake(self, key: Key, priority: Priority) -> None:
        """Look at the key soon."""
        if key in self._working:
            self._again[key] = min(priority, self._again.get(key, priority))
            return
        waiting = self._waiting.get(key)
        if waiting is not None and waiting.priority <= priority:
            return
        self._waiting[key] = _Waiting(priority, waiting.since if waiting else self._clock())
        self._shares[priority].add(key)
        self._something.set()

    def wake_at(self, key: Key, due: float, priority: Priority = Priority.PERIODIC) -> None:
        """Look at the key at a time of the clock, unless a look comes earlier; replaces the planned look."""
        entry = (due, next(self._order), key, priority)
        self._planned[key] = entry[1]
        heapq.heappush(self._due, entry)
        if len(self._due) > 2 * len(self._planned) + _SLACK:
            self._due = [one for one in self._due if self._planned.get(one[2]) == one[1]]
            heapq.heapify(self._due)
        self._something.set()

    def forget(self, key: Key) -> None:
        """Drop what is planned for a key that is gone."""
        self._planned.pop(key, None)
        self._again.pop(key, None)

    async def next(self) -> tuple[Key, Priority, float]:
        """The next key, why, and how many seconds it waited; `done` must follow."""
        while True:
            self._collect_due()
            taken = self._take()
            if taken is not None:
                return taken
            self._something.clear()
            await self._until_something()

    def done(self, key: Key) -> None:
        """The worker has finished with the key."""
        self._working.pop(key, None)
        priority = self._again.pop(key, None)
        if priority is not None:
            self.wake(key, priority)

    @property
    def depth(self) -> int:
        """How many keys wait."""
        return len(self._waiting)

    @property
    def working(self) -> int:
        """How many keys are being worked on."""
        return len(self._working)

    def longest_wait(self) -> float:
        """For how many seconds the oldest key has waited."""
        now = self._clock()
        return max((now - waiting.since for waiting in self._waiting.values()), default=0.0)

    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is being worked on."""
        return not self._waiting and not self._working

    def _take(self) -> tuple[Key, Priority, float] | None:
        for priority, share in self._shares.items():
            while (key := share.pop()) is not None:
                waiting = self._waiting.get(key)
                if waiting is None or waiting.priority is not priority:
                    continue  # it was promoted and has been, or will be, served from there
                del self._waiting[key]
                now = self._clock()
                self._working[key] = now
                self._planned.pop(key, None)
                return key, priority, now - waiting.since
        return None

    def _collect_due(self) -> None:
        now = self._clock()
        while self._due and self._due[0][0] <= now:
            _, order, key, priority = heapq.heappop(self._due)
            if self._planned.get(key) == order:
                del self._planned[key]
                self.wake(key, priority)

    async def _until_something(self) -> None:
        timeout = max(self._due[0][0] - self._clock(), 0.0) if self._due else None
        try:
            async with asyncio.timeout(timeout):
                await self._something.wait()
        except TimeoutError:
            return
