"""Remembers errors for a while, so that what is broken is not tried again at each look."""

from __future__ import annotations

import threading
from collections import OrderedDict

from gitops_operator.errors import RenderError

_MOST = 1000

Name = tuple[str, str]


class Failures:
    """Safe to use from several threads."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._known: OrderedDict[Name, tuple[float, RenderError]] = OrderedDict()

    def check(self, name: Name, now: float) -> None:
        """Says that it failed.

        Raises:
            RenderError: the error of then, while it stands.
        """
        with self._lock:
            until, error = self._known.get(name, (now, None))
        if error is not None and now < until:
            raise RenderError(error.problems, reason=error.reason, transient=error.transient, reads=error.reads)

    def add(self, name: Name, error: RenderError, now: float) -> None:
        """It has failed."""
        with self._lock:
            self._known[name] = (now + self._seconds, error)
            while len(self._known) > _MOST:
                self._known.popitem(last=False)

    def drop(self, name: Name) -> None:
        """Let it be tried again."""
        with self._lock:
            self._known.pop(name, None)
