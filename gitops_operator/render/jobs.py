"""Work that Applications wait for without holding a worker: each piece once, however many wait, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from gitops_operator.model.application import ApplicationKey

_T = TypeVar("_T")


@dataclass(slots=True)
class _Job(Generic[_T]):
    name: str
    task: asyncio.Task[_T]
    waiting: set[ApplicationKey] = field(default_factory=set)


class Ended(NamedTuple, Generic[_T]):
    """A job that has ended; its task has what came of it."""

    name: str
    task: asyncio.Task[_T]


class Jobs(Generic[_T]):
    """Jobs by name, and the one that each Application waits for. Belongs to one event loop."""

    def __init__(self, at_once: int, wake: Callable[[ApplicationKey], None]) -> None:
        self._wake = wake
        self._slots = asyncio.Semaphore(at_once)
        self._jobs: dict[str, _Job[_T]] = {}
        self._of: dict[ApplicationKey, _Job[_T]] = {}

    def start(self, name: str, key: ApplicationKey, work: Callable[[], Awaitable[_T]]) -> None:
        """See to it that the work is done, and the Application woken then; it waits for nothing else any more."""
        job = self._jobs.get(name)
        if job is None or job.task.done():
            task = asyncio.get_running_loop().create_task(self._do(work), name=f"render {name}")
            job = self._jobs[name] = _Job(name, task)
            task.add_done_callback(lambda _: self._ended(job))
        if self._of.get(key) is not job:
            self.forget(key)
        job.waiting.add(key)
        self._of[key] = job

    def ended(self, key: ApplicationKey) -> Ended[_T] | None:
        """The job that the Application waited for, where it has ended; told once."""
        job = self._of.get(key)
        if job is None or not job.task.done():
            return None
        self.forget(key)
        return Ended(job.name, job.task)

    def forget(self, key: ApplicationKey) -> None:
        """The Application waits for nothing any more; what nobody waits for is not done."""
        job = self._of.pop(key, None)
        if job is None:
            return
        job.waiting.discard(key)
        if not job.waiting:
            job.task.cancel()
            if self._jobs.get(job.name) is job:
                del self._jobs[job.name]

    async def settle(self) -> None:
        """Until no job is under way."""
        while running := [job.task for job in self._jobs.values() if not job.task.done()]:
            await asyncio.wait(running)

    async def close(self) -> None:
        """End them all."""
        tasks = [job.task for job in self._jobs.values()]
        self._jobs.clear()
        self._of.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _do(self, work: Callable[[], Awaitable[_T]]) -> _T:
        async with self._slots:
            return await work()

    def _ended(self, job: _Job[_T]) -> None:
        if not job.task.cancelled():
            job.task.exception()  # taken note of, also where nobody asks any more
        for key in job.waiting:
            self._wake(key)
