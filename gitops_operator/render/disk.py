"""Renders in a folder on disk, so that a restart renders nothing; it may be emptied at any time."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from gitops_operator.model.resource import Resource
from gitops_operator.render import Rendered
from gitops_operator.render.stored import decode, encode, may_be_stored

_SUFFIX = ".render"


class Disk:
    """A folder of renders, one file a source digest, no larger together than `max_bytes`.

    Writes are whole or not at all; a disk that is full or broken makes renders slower and stops nothing.
    """

    def __init__(self, folder: Path, max_bytes: int, pack: Callable[[Resource], Resource]) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._pack = pack
        self._room = 0  # so many bytes fit in before the folder has to be counted again

    def get(self, digest: str) -> Rendered | None:
        """The render that was stored last for a source, if it can be read."""
        path = self._path(digest)
        try:
            rendered = decode(path.read_bytes(), self._pack)
            if rendered is not None:
                os.utime(path)
                return rendered
            path.unlink(missing_ok=True)
        except OSError:
            pass
        return None

    def put(self, digest: str, rendered: Rendered) -> None:
        """Stores a render, unless it holds Secrets, and makes room for it."""
        if not may_be_stored(rendered):
            return
        data = encode(rendered)
        if len(data) > self._max_bytes:
            return
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if len(data) > self._room:
                self._room = self._max_bytes - self._prune(self._max_bytes - len(data))
            self._write(self._path(digest), data)
            self._room -= len(data)

    def remove(self, digest: str) -> None:
        """Forgets a source."""
        with contextlib.suppress(OSError):
            self._path(digest).unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        return self._folder / f"{digest}{_SUFFIX}"

    def _write(self, path: Path, data: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=self._folder, suffix=".tmp")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

    def _prune(self, room: int) -> int:
        """Removes what was used longest ago, and what a crash left half written; gives the bytes that are left."""
        files = []
        for path in self._folder.iterdir():
            with contextlib.suppress(OSError):
                status = path.stat()
                files.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= room:
                break
            path.unlink(missing_ok=True)
            total -= size
        return total
