"""The folder of the mirrors: who owns it, where each mirror is, and what is thrown away.

lock                        held by the one operator that uses the folder
home/                       what libgit2 takes for the home folder
mirrors/<name>.<n>/         a whole mirror; the highest n counts
scratch/                    an empty repository, from which servers are asked for their references
incoming/<name>-<random>/   a clone that is not finished: removed at the next start
damaged/<name>.<n>-<time>/  set aside, for who wants to look; removed with the mirrors that nobody uses
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple

from gitops_operator.source.failures import Reason, failure
from gitops_operator.source.libgit2 import Callbacks
from gitops_operator.source.mirror import Damaged, Mirror, list_references, retire


class Stored(NamedTuple):
    """One folder that may be evicted."""

    path: Path
    used_at: float
    size: int


class Store:
    """Blocking; the methods may be called from any thread, for one mirror by one at a time."""

    def __init__(self, folder: Path, now: Callable[[], float]) -> None:
        self._now = now
        self.home = folder / "home"
        self._mirrors = folder / "mirrors"
        self._incoming = folder / "incoming"
        self._damaged = folder / "damaged"
        self._open: weakref.WeakSet[Mirror] = weakref.WeakSet()
        self._opening = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = _lock(folder)
            shutil.rmtree(self._incoming, ignore_errors=True)
            for path in (self.home, self._mirrors, self._incoming, self._damaged):
                path.mkdir(exist_ok=True)
            self._scratch = Mirror.create(folder / "scratch", "")
        except OSError as error:
            raise failure(
                Reason.MIRROR_FAILED, f"the mirror folder {folder} cannot be used: {error.strerror}"
            ) from error

    def close(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._lock)

    def list_from(self, url: str, callbacks: Callbacks) -> dict[str, str]:
        return list_references(self._scratch.repository(), url, callbacks)

    def find(self, name: str, shown: str) -> Mirror | None:
        """The mirror of that name, if there is a whole one."""
        generations = self._generations(name)
        for path in generations[1:]:
            if not self._is_open(path):  # left by a swap that was killed
                shutil.rmtree(path, ignore_errors=True)
        if not generations:
            return None
        mirror = Mirror(generations[0], shown)
        try:
            mirror.check()
        except Damaged:
            self.set_aside(mirror)
            return None
        return self._opened(mirror)

    def begin(self, name: str, shown: str) -> Mirror:
        """An empty mirror, to be filled and then installed or discarded."""
        return Mirror.create(Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self._incoming)), shown)

    def install(self, name: str, fresh: Mirror, shown: str) -> Mirror:
        """Give a finished clone its place; whatever was there serves its readers to the end."""
        # libgit2 finds an open pack by its path: a path that was used before could show what stood there then.
        newest = max(map(_number, self._generations(name)), default=0)
        path = self._mirrors / f"{name}.{max(newest + 1, int(self._now() * 1000))}"
        fresh.path.rename(path)
        return self._opened(Mirror(path, shown))

    def discard(self, fresh: Mirror) -> None:
        shutil.rmtree(fresh.path, ignore_errors=True)

    def retire(self, mirror: Mirror) -> None:
        retire(mirror)

    def set_aside(self, mirror: Mirror) -> None:
        with contextlib.suppress(FileNotFoundError):
            mirror.path.rename(self._damaged / f"{mirror.path.name}-{int(self._now() * 1000)}")

    def evict(self, *, max_age: float, max_bytes: int) -> list[Path]:
        """Remove the mirrors that nobody uses and that are too old, or, the oldest first, too much in all.

        A mirror's age counts from the last time that this found it in use.
        """
        with self._opening:
            busy = {mirror.path for mirror in self._open}
            for path in busy:
                self._touch(path)
            everything = [_measure(path) for folder in (self._mirrors, self._damaged) for path in folder.iterdir()]
            evicted = _choose(everything, busy, oldest=self._now() - max_age, max_bytes=max_bytes)
            for path in evicted:
                shutil.rmtree(path, ignore_errors=True)
        return evicted

    def _opened(self, mirror: Mirror) -> Mirror:
        with self._opening:
            self._open.add(mirror)
        self._touch(mirror.path)
        return mirror

    def _touch(self, path: Path) -> None:
        now = self._now()
        with contextlib.suppress(FileNotFoundError):
            os.utime(path, (now, now))

    def _is_open(self, path: Path) -> bool:
        with self._opening:
            return any(mirror.path == path for mirror in self._open)

    def _generations(self, name: str) -> list[Path]:
        """The newest first."""
        return sorted(self._mirrors.glob(f"{name}.*"), key=_number, reverse=True)


def _choose(everything: list[Stored], busy: Collection[Path], *, oldest: float, max_bytes: int) -> list[Path]:
    total = sum(one.size for one in everything)
    evicted = []
    for one in sorted(everything, key=lambda stored: stored.used_at):
        if one.path in busy:
            continue
        if one.used_at < oldest or total > max_bytes:
            evicted.append(one.path)
            total -= one.size
    return evicted


def _lock(folder: Path) -> int:
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise failure(
            Reason.MIRROR_FOLDER_IN_USE, f"another operator uses the mirror folder {folder}: each needs one of its own"
        ) from None
    return descriptor


def _measure(path: Path) -> Stored:
    size = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(OSError):
                size += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118  # ten times as fast as a Path
    with contextlib.suppress(OSError):
        return Stored(path, path.stat().st_mtime, size)
    return Stored(path, 0.0, size)


def _number(path: Path) -> int:
    suffix = path.suffix[1:]
    return int(suffix) if suffix.isdigit() else 0
