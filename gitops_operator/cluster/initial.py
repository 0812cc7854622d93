"""A list that comes as a watch: everything there is, until a bookmark says that this was all."""

from __future__ import annotations

import asyncio

from gitops_operator.cluster import objects
from gitops_operator.cluster.junction import Replacement
from gitops_operator.cluster.lines import Lines
from gitops_operator.errors import ClusterError

AT_ONCE = 100
"""How many objects of a list are handed on in one step: some 10 ms."""


class NotStreamedError(Exception):
    """The server sent an ordinary watch: it does not know streamed lists."""


class InitialEvents:
    """Hands on the objects of a streamed list as they come; some may change while it is sent."""

    def __init__(self, lines: Lines, silence: float) -> None:
        self._lines = lines
        self._silence = silence
        self._some: list[bytes] = []

    async def into(self, replacement: Replacement) -> tuple[str, list[bytes]]:
        """The position of the list, and the lines that had already arrived behind it.

        Raises:
            NotStreamedError: silence, or a bookmark that does not end the list.
            ClusterError: the stream ended or broke before the list did.
        """
        while batch := await self._batch():
            for count, line in enumerate(batch, start=1):
                position = self._take(line, replacement)
                if position is not None:
                    return position, batch[count:]
                if len(self._some) == AT_ONCE:
                    self._hand_on(replacement)
                    await asyncio.sleep(0)
            self._hand_on(replacement)
            await asyncio.sleep(0)
        raise ClusterError("The watch ended before the list was complete.")

    async def _batch(self) -> list[bytes]:
        try:
            async with asyncio.timeout(self._silence):
                return await self._lines.batch()
        except TimeoutError as error:
            raise NotStreamedError from error

    def _take(self, line: bytes, replacement: Replacement) -> str | None:
        """The position, when this was the end of the list."""
        event = objects.event_of(line)
        if event.type == "BOOKMARK":
            if not objects.ends_initial_events(event.object):
                raise NotStreamedError
            self._hand_on(replacement)
            return objects.position_of(event.object)
        if event.type == "DELETED":
            self._hand_on(replacement)
            replacement.drop(bytes(event.object))
        else:
            self._some.append(bytes(event.object))
        return None

    def _hand_on(self, replacement: Replacement) -> None:
        if self._some:
            replacement.add(self._some)
            self._some = []
