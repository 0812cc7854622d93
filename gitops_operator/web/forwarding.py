"""From a replica that does not lead to the one that does."""

from __future__ import annotations

import asyncio
from io import BytesIO

import aiohttp

from gitops_operator.web.delivery import PASSED_ON, Answer, Delivery, Result
from gitops_operator.web.receiver import PATH

_PATIENCE = 5.0
_AT_ONCE = 8
_OF_THE_CONNECTION = frozenset(
    {"host", "connection", "keep-alive", "transfer-encoding", "content-length", "te", "trailer", "upgrade", "expect"}
)


class Forwarder:
    """Few at a time: who waits has its body in memory."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def pass_on(self, delivery: Delivery, address: str) -> Answer:
        """The answer of the replica at an address, which checks the delivery itself."""
        if self._turns.locked():
            return Answer(503, "Too much is being passed on at once; try again.\n", Result.BUSY)
        headers = {name: value for name, value in delivery.headers.items() if name not in _OF_THE_CONNECTION}
        query = {"explain": "1"} if delivery.explain else {}
        timeout = aiohttp.ClientTimeout(total=_PATIENCE)
        try:
            async with self._turns, aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session:
                sending = session.post(
                    address + PATH,
                    params=query,
                    data=BytesIO(delivery.body),
                    headers={**headers, PASSED_ON: "1"},
                    allow_redirects=False,
                )
                async with sending as answer:
                    return Answer(answer.status, await answer.text(), Result.PASSED_ON, answer.content_type)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return Answer(503, "The replica that leads cannot be reached; try again.\n", Result.BUSY)
