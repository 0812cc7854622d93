"""An operator's Git side without the operator: Applications that follow repositories and remember who was woken."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gitops_operator.errors import SourceError
from gitops_operator.model.application import ApplicationKey, Source
from gitops_operator.model.revision import Revision
from gitops_operator.source.credentials import Credential
from gitops_operator.source.limits import Limits
from gitops_operator.source.repositories import Repositories, Resolved

APP = ApplicationKey("default", "app")
OTHER = ApplicationKey("default", "other")
QUICK = Limits(interval=0.1, timeout=1.0, deadline=5.0, allow_file=True)
STILL = Limits(interval=3600.0, timeout=1.0, deadline=5.0, allow_file=True)
_PATIENCE = 30.0


@dataclass
class Ledger:
    """An Observer that remembers."""

    requests: Counter[tuple[str, str]] = field(default_factory=Counter)
    detections: list[tuple[ApplicationKey, str]] = field(default_factory=list)
    fetches: int = 0

    def request(self, host: str, operation: str, result: str) -> None:
        self.requests[operation, result] += 1

    def fetched(self, host: str, seconds: float) -> None:
        self.fetches += 1

    def detected(self, key: ApplicationKey, revision: Revision, committed_at: float) -> None:
        self.detections.append((key, revision.sha))


class Following:
    def __init__(self, folder: Path, limits: Limits) -> None:
        self.wakes: Counter[ApplicationKey] = Counter()
        self.is_deaf = False
        self.ledger = Ledger()
        self._changed = asyncio.Event()
        self.repositories = Repositories(folder, wake=self._wake, limits=limits, observer=self.ledger)

    def _wake(self, key: ApplicationKey) -> None:
        if self.is_deaf:
            raise ValueError("nobody can be woken")
        self.wakes[key] += 1
        self._changed.set()

    def resolve(
        self, source: Source, credential: Credential | None = None, *, key: ApplicationKey = APP, revision: str = ""
    ) -> Resolved | None:
        return self.repositories.resolve(key, source, credential, revision=revision)

    async def resolved(
        self, source: Source, credential: Credential | None = None, *, key: ApplicationKey = APP, revision: str = ""
    ) -> Resolved:
        """As the reconciler has it: asks, and asks again when woken."""
        for _ in range(20):
            seen = self.wakes[key]
            found = self.resolve(source, credential, key=key, revision=revision)
            if found is not None:
                return found
            await self.woken(key, since=seen)
        raise AssertionError("woken again and again, and never an answer")

    async def recalled(self, source: Source, revision: str, *, key: ApplicationKey = APP) -> Resolved:
        for _ in range(20):
            seen = self.wakes[key]
            found = self.repositories.recall(key, source, None, revision)
            if found is not None:
                return found
            await self.woken(key, since=seen)
        raise AssertionError("woken again and again, and never an answer")

    async def error(
        self, source: Source, credential: Credential | None = None, *, key: ApplicationKey = APP, revision: str = ""
    ) -> SourceError:
        try:
            found = await self.resolved(source, credential, key=key, revision=revision)
        except SourceError as error:
            return error
        raise AssertionError(f"no error but {found}")

    async def recovered(
        self, source: Source, credential: Credential | None = None, *, key: ApplicationKey = APP
    ) -> Resolved:
        """The first answer that is not stale; until then there are errors, and old answers."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                seen = self.wakes[key]
                with contextlib.suppress(SourceError):
                    found = self.resolve(source, credential, key=key)
                    if found is not None and found.stale is None:
                        return found
                await self.woken(key, since=seen)

    async def woken(self, key: ApplicationKey = APP, *, since: int) -> None:
        async with asyncio.timeout(_PATIENCE):
            while self.wakes[key] <= since:
                self._changed.clear()
                await self._changed.wait()

    async def refreshed(self, key: ApplicationKey = APP) -> None:
        """Returns when a look that began now has ended."""
        self.repositories.refresh(key)
        async with asyncio.timeout(_PATIENCE):
            while self.repositories.is_refreshing(key):
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def following(folder: Path, limits: Limits = STILL) -> AsyncIterator[Following]:
    world = Following(folder, limits)
    task = asyncio.create_task(world.repositories.run())
    try:
        yield world
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def files_with(folder: Path, text: str) -> list[Path]:
    """The files below a folder that hold the text; there must be files."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert files
    return [file for file in files if text.encode() in file.read_bytes()]


async def until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < ends, "it never came true"
        await asyncio.sleep(0.02)
