"""Says on standard error what a long step is doing: a line that counts on a terminal, a heartbeat elsewhere."""

import sys
import time
from types import TracebackType
from typing import Self, TextIO

_HEARTBEAT_SECONDS = 15.0


class Progress:
    """One step: `with Progress("building etcd (1 of 6)") as p:`, and `p.beat()` as often as one likes."""

    def __init__(self, what: str, output: TextIO | None = None) -> None:
        self._what = what
        self._output = output or sys.stderr
        self._started = self._last = time.monotonic()

    def __enter__(self) -> Self:
        if not self._output.isatty():
            self._line(f"{self._what} …")
        return self

    def beat(self, detail: str = "") -> None:
        now = time.monotonic()
        suffix = f", {detail}" if detail else ""
        if self._output.isatty():
            self._output.write(f"\r\x1b[K{self._what}: {now - self._started:.0f} s{suffix}")
            self._output.flush()
        elif now - self._last >= _HEARTBEAT_SECONDS:
            self._last = now
            self._line(f"{self._what}: {now - self._started:.0f} s so far{suffix}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        clear = "\r\x1b[K" if self._output.isatty() else ""
        word = "failed after" if error else "done in"
        self._line(f"{clear}{self._what}: {word} {time.monotonic() - self._started:.0f} s")

    def _line(self, text: str) -> None:
        self._output.write(f"{text}\n")
        self._output.flush()
