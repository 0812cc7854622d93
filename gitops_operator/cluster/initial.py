"""A list that comes as a watch: everything there is, until a bookmark says that this was all."""

from __future__ import annotations

import asyncio

from gitops_operator.cluster import objects
from gitops_operator.cluster.lines import Lines
from gitops_operator.cluster.objects import Event, Listing
from gitops_operator.errors import ClusterError


class NotStreamedError(Exception):
    """The server sent an ordinary watch: it does not know streamed lists."""


class InitialEvents:
    """Collects the objects of a streamed list; some may change while it is sent."""

    def __init__(self, lines: Lines, silence: float) -> None:
        self._lines = lines
        self._silence = silence
        self._found: dict[tuple[str, str], bytes] = {}
        self._listing: Listing | None = None

    async def gather(self) -> tuple[Listing, list[bytes]]:
        """The list, and the lines that had already arrived behind it.

        Raises:
            NotStreamedError: silence, or a bookmark that does not end the list.
            ClusterError: the stream ended or broke before the list did.
        """
        while batch := await self._batch():
            for count, line in enumerate(batch, start=1):
                self._take(objects.event_of(line))
                if self._listing:
                    return self._listing, batch[count:]
            await asyncio.sleep(0)
        raise ClusterError("The watch ended before the list was complete.")

    async def _batch(self) -> list[bytes]:
        try:
            async with asyncio.timeout(self._silence):
                return await self._lines.batch()
        except TimeoutError as error:
            raise NotStreamedError from error

    def _take(self, event: Event) -> None:
        raw = bytes(event.object)
        if event.type == "BOOKMARK":
            if not objects.ends_initial_events(event.object):
                raise NotStreamedError
            self._listing = Listing(list(self._found.values()), objects.position_of(raw))
        elif event.type == "DELETED":
            self._found.pop(objects.identity_of(raw), None)
        else:
            self._found[objects.identity_of(raw)] = raw
