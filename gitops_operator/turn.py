"""Whose turn it is to look: one pass at a time, and none that can be left out when the operator ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class GivenUpError(Exception):
    """The operator ends, and the pass has changed nothing yet: the next leader looks at everything anyway."""


class Turn:
    """One pass looks at a time, and others of the loop's work come between two looks.

    After a restart, when nothing is known of any object, ten passes side by side kept probes and the lease waiting for
    twenty seconds, and the end of the operator for as long.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._may_give_up = self._is_ending = False

    def end(self) -> None:
        """From now on whoever may give up does."""
        self._is_ending = True

    @asynccontextmanager
    async def taken(self, *, may_give_up: bool) -> AsyncIterator[None]:
        """The turn, for the block.

        Raises:
            GivenUpError: as `pause`.
        """
        async with self._lock:
            self._may_give_up = may_give_up
            await self.pause()
            yield

    async def pause(self) -> None:
        """Let others work; only who has the turn says so.

        Raises:
            GivenUpError: the operator ends, and this pass need not go on.
        """
        if self._is_ending and self._may_give_up:
            raise GivenUpError
        await asyncio.sleep(0)
