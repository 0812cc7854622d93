"""Lines of a stream, as many at a time as have arrived."""

from __future__ import annotations

import aiohttp


class Lines:
    """Reads whole lines of any length; what follows the last newline at the end is half a line and dropped."""

    def __init__(self, content: aiohttp.StreamReader) -> None:
        self._content = content
        self._begun: list[bytes] = []

    async def batch(self) -> list[bytes]:
        """The next whole lines without their newlines; an empty list is the end of the stream."""
        while chunk := await self._content.readany():
            head, newline, rest = chunk.partition(b"\n")
            self._begun.append(head)
            if newline:
                *more, tail = rest.split(b"\n")
                lines = [line for line in (b"".join(self._begun), *more) if line]
                self._begun = [tail]
                if lines:
                    return lines
        return []
