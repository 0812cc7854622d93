"""One repository at its server: list its references, fetch it into a mirror; HTTP(S), SSH and files alike."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

from gitops_operator.errors import SourceError
from gitops_operator.source.bridge import Passage
from gitops_operator.source.credentials import Credential
from gitops_operator.source.environment import Environment
from gitops_operator.source.http import HttpRemote
from gitops_operator.source.known_hosts import keys_of
from gitops_operator.source.libgit2 import Callbacks, translate
from gitops_operator.source.login import Login
from gitops_operator.source.mirror import Mirror
from gitops_operator.source.urls import RepositoryURL

_T = TypeVar("_T")


class Remote:
    def __init__(self, url: RepositoryURL, credential: Credential | None, environment: Environment) -> None:
        self.url = url
        self.host = url.host or "localhost"
        self._credential = credential
        self._environment = environment
        login = Login(url, credential, environment.apps, environment.now)
        self._http = HttpRemote(url, credential, environment.sessions, login)

    async def references(self, prefixes: Iterable[str]) -> dict[str, str]:
        """The commits of the references that start with a prefix, or of more."""
        with self._counted("list"):
            if self.url.scheme in {"http", "https"}:
                return await self._http.references(prefixes)
            store = self._environment.store
            async with self._passage() as passage:
                callbacks = self._callbacks()
                return await self._call(passage, callbacks, lambda: store.list_from(passage.url, callbacks))

    async def fetch(self, mirror: Mirror, commits: Iterable[str], operation: str = "fetch") -> None:
        """Bring a mirror up to date."""
        started = self._environment.clock()
        with self._counted(operation):
            async with self._passage() as passage:
                callbacks = self._callbacks()
                await self._call(passage, callbacks, lambda: mirror.fetch(passage.url, callbacks, commits))
        self._environment.observer.fetched(self.host, self._environment.clock() - started)

    def _callbacks(self) -> Callbacks:
        known = self._credential.known_hosts if self._credential else ""
        return Callbacks(self.url, self._credential, keys_of(known, self.url.host, self.url.port))

    def _passage(self) -> AbstractAsyncContextManager[Passage]:
        if self.url.scheme == "file":
            return _direct(self.url)
        if self.url.scheme == "ssh":
            known = self._credential.known_hosts if self._credential else ""
            return self._environment.bridge.to_ssh(self.url, keys_of(known, self.url.host, self.url.port))
        return self._environment.bridge.to_http(self._http)

    async def _call(self, passage: Passage, callbacks: Callbacks, work: Callable[[], _T]) -> _T:
        """Run libgit2 in a thread; when this is cancelled the thread's connection goes, and then the thread."""
        job = self._environment.threads.submit(work)
        waiter = asyncio.wrap_future(job)
        try:
            return await asyncio.shield(waiter)
        except asyncio.CancelledError:
            callbacks.cancelled.set()
            passage.close()
            if not job.cancel():
                await asyncio.wait({waiter}, timeout=self._environment.limits.timeout)
            if waiter.done() and not waiter.cancelled():
                waiter.exception()  # seen, and of no more interest
            raise
        except SourceError:
            raise
        except Exception as error:  # noqa: BLE001  # libgit2 raises whatever fits; each becomes a SourceError here
            raise (passage.error or callbacks.host_key_error or translate(error, self.url)) from None

    @contextlib.contextmanager
    def _counted(self, operation: str) -> Iterator[None]:
        result = "Cancelled"
        try:
            yield
            result = "ok"
        except SourceError as error:
            result = error.reason
            raise
        finally:
            self._environment.observer.request(self.host, operation, result)


@contextlib.asynccontextmanager
async def _direct(url: RepositoryURL) -> AsyncIterator[Passage]:
    yield Passage(f"file://{url.path}")
