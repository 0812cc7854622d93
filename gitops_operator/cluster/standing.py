"""What is said of a kind's cache: bad news after a grace, good news once it has lasted a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gitops_operator.model.kind import KindState, KindStatus

_PROBATION = 0.5  # a resumed watch first replays what was missed, or says that it cannot
_READY = KindStatus(KindState.READY)


class Standing:
    """The state of one kind's reflector, told when it changes."""

    def __init__(self, tell: Callable[[KindStatus], None], grace: float) -> None:
        self._tell = tell
        self._grace = grace
        self._said: KindStatus | None = None
        self._next: KindStatus | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._probation: asyncio.TimerHandle | None = None

    def now(self, status: KindStatus) -> None:
        """Say it at once."""
        self.close()
        if status != self._said:
            self._said = status
            self._tell(status)

    def ready(self) -> None:
        self.now(_READY)

    def resumed(self) -> None:
        """Ready, if nothing is lost again within a moment."""
        self._end_probation()
        self._probation = asyncio.get_running_loop().call_later(_PROBATION, self.ready)

    def lost(self, status: KindStatus) -> None:
        """Not ready any more: said at once of a kind that was not, else when a grace has passed."""
        self._end_probation()
        if self._said != _READY:
            self.now(status)
            return
        self._next = status
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._grace, self._grace_is_over)

    def close(self) -> None:
        """Say nothing more by itself."""
        self._end_probation()
        if self._timer:
            self._timer.cancel()
        self._timer = None
        self._next = None

    def _end_probation(self) -> None:
        if self._probation:
            self._probation.cancel()
        self._probation = None

    def _grace_is_over(self) -> None:
        self._timer = None
        if self._next and not self._probation:  # else it is about to be ready, or lost again, which is told anew
            self.now(self._next)
