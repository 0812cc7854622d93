"""The way from a source of an Application to its commit and files: answers at once, from what the pollers know."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from gitops_operator.errors import SourceError
from gitops_operator.model.application import ApplicationKey, Source
from gitops_operator.model.push import Push
from gitops_operator.source.bridge import Bridge
from gitops_operator.source.credentials import Credential
from gitops_operator.source.environment import Environment
from gitops_operator.source.failures import Reason, failure
from gitops_operator.source.github_app import AppTokens
from gitops_operator.source.interests import Resolved
from gitops_operator.source.libgit2 import prepare
from gitops_operator.source.limits import Limits, Observer, Silence
from gitops_operator.source.pushes import places_of
from gitops_operator.source.remote import Remote
from gitops_operator.source.sessions import Sessions
from gitops_operator.source.store import Store
from gitops_operator.source.urls import RepositoryURL, parse_url
from gitops_operator.source.watch import Watch

__all__ = ["Repositories", "Resolved"]


class Repositories:
    """All methods belong to one event loop; none but `run` waits.

    There is one mirror and one poller for each repository and credential, however many Applications follow it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        wake: Callable[[ApplicationKey], None],
        limits: Limits | None = None,
        observer: Observer | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the folder.

        Raises:
            SourceError: another operator has it, or it cannot be written.
        """
        limits = limits or Limits()
        store = Store(folder, time.time)
        prepare(store.home, limits.timeout)
        sessions = Sessions(limits.timeout)
        self._environment = Environment(
            limits=limits,
            observer=observer or Silence(),
            wake=wake,
            clock=clock,
            now=time.time,
            spread=random.random,
            store=store,
            bridge=Bridge(store.home, limits.timeout),
            sessions=sessions,
            apps=AppTokens(sessions, time.time),
            threads=ThreadPoolExecutor(limits.threads, thread_name_prefix="git"),
        )
        self._watches: dict[str, Watch] = {}
        self._names: dict[ApplicationKey, str] = {}
        self._past: dict[ApplicationKey, str] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._is_running = False

    def resolve(
        self, key: ApplicationKey, source: Source, credential: Credential | None, *, revision: str = ""
    ) -> Resolved | None:
        """What a source means now, or what a given revision of its repository is.

        None says that it is not known yet, and that the key is woken when it is. When the repository cannot be read but
        could be before, the answer is what was known, with the error in `stale`.

        Raises:
            SourceError: there is no such thing, or the repository cannot be read; the key is woken when that changes.
        """
        try:
            name, url = self._place(source, credential)
        except SourceError:
            self.forget(key)  # what it followed before concerns it no more
            raise
        if self._names.get(key) != name:
            self.forget(key)
            self._names[key] = name
        return self._watch(name, url, credential).answer(key, source, revision)

    def recall(
        self, key: ApplicationKey, source: Source, credential: Credential | None, revision: str
    ) -> Resolved | None:
        """What a commit of a source is that the Application has, or once had; else as `resolve`.

        What it follows now stays as it is; another repository is followed beside that, until `release`.
        """
        name, url = self._place(source, credential)
        if name == self._names.get(key):
            return self._watches[name].recall(key, revision)
        if self._past.get(key) != name:
            self._leave(key, self._past)
            self._past[key] = name
        pinned = replace(source, target_revision=revision)  # nothing else is to be known of it
        return self._watch(name, url, credential).answer(key, pinned, revision)

    def release(self, key: ApplicationKey) -> None:
        """No operation of the Application names a revision any more: the next one gets a new look."""
        self._leave(key, self._past)
        if key in self._names:
            self._watches[self._names[key]].release(key)

    def note_reads(self, key: ApplicationKey, paths: frozenset[str]) -> None:
        """Say what an Application read outside its source's path, in the tree that it was given last."""
        if key in self._names:
            self._watches[self._names[key]].note_reads(key, paths)

    def refresh(self, key: ApplicationKey) -> None:
        """Look now; the key is woken when the look has ended, whatever came of it."""
        if key in self._names:
            self._watches[self._names[key]].refresh(key)

    def is_refreshing(self, key: ApplicationKey) -> bool:
        """Whether a look that `refresh` asked for is still to end."""
        return key in self._names and self._watches[self._names[key]].is_refreshing(key)

    def pushed(self, push: Push) -> tuple[str, ...]:
        """A Git server told of a push: look soon where somebody follows what moved. Gives what is looked at."""
        places = places_of(push)
        told = [watch for watch in self._watches.values() if watch.place in places and watch.pushed(push)]
        return tuple(sorted({watch.shown for watch in told}))

    def forget(self, key: ApplicationKey) -> None:
        """The Application is gone; a repository that nobody follows is no longer polled."""
        self._leave(key, self._past)
        self._leave(key, self._names)

    def _leave(self, key: ApplicationKey, book: dict[ApplicationKey, str]) -> None:
        name = book.pop(key, None)
        if name is None:
            return
        self._watches[name].forget(key)
        if self._watches[name].is_idle:
            del self._watches[name]
            task = self._tasks.pop(name, None)
            if task is not None:
                task.cancel()
                self._ending.add(task)
                task.add_done_callback(self._ending.discard)

    async def run(self) -> None:
        """Poll until cancelled; then end every connection and thread, and leave the folder."""
        self._is_running = True
        for name in self._watches:
            self._start(name)
        try:
            while True:
                await self._sweep()
                await asyncio.sleep(self._environment.limits.sweep_interval)
        finally:
            await self._close()

    def _place(self, source: Source, credential: Credential | None) -> tuple[str, RepositoryURL]:
        url = parse_url(source.repo_url)
        _check(url, credential, self._environment.limits)
        return _name(url, credential), url

    def _watch(self, name: str, url: RepositoryURL, credential: Credential | None) -> Watch:
        if name not in self._watches:
            self._watches[name] = Watch(name, Remote(url, credential, self._environment), self._environment)
            if self._is_running:
                self._start(name)
        return self._watches[name]

    def _start(self, name: str) -> None:
        self._tasks[name] = asyncio.get_running_loop().create_task(self._watches[name].run(), name=f"watch {name}")

    async def _sweep(self) -> None:
        store, limits = self._environment.store, self._environment.limits
        with contextlib.suppress(OSError):  # the next sweep tries again
            await self._environment.in_thread(lambda: store.evict(max_age=limits.max_age, max_bytes=limits.max_bytes))

    async def _close(self) -> None:
        self._is_running = False
        tasks = [*self._tasks.values(), *self._ending]
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
        await self._environment.bridge.close()
        await self._environment.sessions.close()
        self._environment.threads.shutdown(wait=False, cancel_futures=True)
        self._environment.store.close()


def _check(url: RepositoryURL, credential: Credential | None, limits: Limits) -> None:
    if url.scheme == "file" and not limits.allow_file:
        raise failure(
            Reason.UNSUPPORTED_URL,
            "file:// repositories are not allowed: they would read the operator's own disk; a setting allows them",
        )
    if url.scheme == "ssh" and credential is not None and credential.proxy:
        raise failure(Reason.UNSUPPORTED_URL, f"{url.shown}: a proxy can be used for http:// and https:// only")


def _name(url: RepositoryURL, credential: Credential | None) -> str:
    """Names the mirror; from a hash of the secrets nobody gets them back."""
    fingerprint = credential.fingerprint if credential else ""
    parts = (url.scheme, url.host, str(url.port), url.path, url.user, url.password, fingerprint)
    digest = hashlib.sha256(b"".join(b"%d:" % len(part.encode()) + part.encode() for part in parts))
    return digest.hexdigest()[:40]
