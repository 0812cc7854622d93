"""A file without a name for what is seldom read: it is gone when the process is, and what nobody holds makes room."""

from __future__ import annotations

import os
import tempfile
import threading
from collections import deque
from pathlib import Path

_Span = tuple[int, int]
"""Offset and size."""


class Spill:
    """One file; spans of it are given back when their Extent is no longer held. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._file: int | None = None
        self._end = 0
        self._free: list[_Span] = []
        self._returned: deque[_Span] = deque()

    def put(self, data: bytes) -> Extent | None:
        """Writes some bytes; None where the disk does not take them."""
        with self._lock:
            offset = self._take(len(data))
            try:
                _write(self._opened(), data, offset)
            except OSError:
                self._returned.append((offset, len(data)))
                return None
        return Extent(self, (offset, len(data)))

    @property
    def size(self) -> int:
        """How far the file reaches."""
        return self._end

    def _opened(self) -> int:
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=self._folder, suffix=".spill")
            Path(name).unlink()
            self._file = handle
        return self._file

    def _take(self, size: int) -> int:
        """The first free span that is large enough, or more of the file."""
        self._collect()
        for place, (offset, room) in enumerate(self._free):
            if room >= size:
                self._free[place : place + 1] = [(offset + size, room - size)] if room > size else []
                return offset
        self._end += size
        return self._end - size

    def _collect(self) -> None:
        """What was given back, joined with its neighbours; a free end makes the file shorter again."""
        if not self._returned:
            return
        spans = self._free
        while self._returned:
            spans.append(self._returned.popleft())
        joined: list[_Span] = []
        for offset, size in sorted(spans):
            if joined and sum(joined[-1]) == offset:
                joined[-1] = (joined[-1][0], joined[-1][1] + size)
            else:
                joined.append((offset, size))
        if joined and sum(joined[-1]) == self._end:
            self._end = joined.pop()[0]
        self._free = joined

    def read(self, offset: int, size: int) -> bytes:
        """Some bytes of it.

        Raises:
            OSError: the disk does not give them back.
        """
        data = os.pread(self._opened(), size, offset)
        if len(data) != size:
            message = "the data folder has lost what was written to it"
            raise OSError(message)
        return data

    def give_back(self, span: _Span) -> None:
        """Without a lock: this is called whenever Python collects what nobody holds."""
        self._returned.append(span)

    def __del__(self) -> None:
        if self._file is not None:
            os.close(self._file)


class Extent:
    """A span of the file, for as long as somebody holds this."""

    __slots__ = ("_span", "_spill")

    def __init__(self, spill: Spill, span: _Span) -> None:
        self._spill, self._span = spill, span

    def read(self, start: int, size: int) -> bytes:
        """Some of what was put there.

        Raises:
            OSError: the disk does not give it back.
        """
        return self._spill.read(self._span[0] + start, size)

    def __del__(self) -> None:
        self._spill.give_back(self._span)


def _write(file: int, data: bytes, offset: int) -> None:
    rest = memoryview(data)
    while rest:
        written = os.pwrite(file, rest, offset)
        rest, offset = rest[written:], offset + written
