"""The door for webhooks, on a port of its own: whatever comes from outside is bounded before anybody reads it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Protocol

from aiohttp import web

from gitops_operator.web.delivery import Answer, Delivery, Result

PATH = "/webhook"
LARGEST = 25 << 20
"""Bytes of one body, as GitHub's limit is."""
_AT_ONCE = 64 << 20  # bytes of bodies that are in memory at the same time
_CONNECTIONS = 256
_CHUNK = 64 << 10
_MEBIBYTE = 1 << 20

_log = logging.getLogger(__name__)


class Desk(Protocol):
    """Where deliveries go."""

    async def receive(self, delivery: Delivery) -> Answer:
        """Answer a delivery; whatever is to be done for it is done afterwards."""

    def note(self, headers: Mapping[str, str], result: Result) -> None:
        """One was refused before it was read."""


class Receiver:
    """An HTTP server; `port` is the real one after `start`. `patience` is how long a request may take to come in."""

    def __init__(self, host: str, port: int, desk: Desk, *, patience: float = 10.0) -> None:
        self._host, self.port, self._desk, self._patience = host, port, desk, patience
        self._in_hand = 0
        application = web.Application()
        application.router.add_post(PATH, self._handle)
        # It closes connections that have not sent a whole head by then, too. A body is signed as it is sent: packed.
        self._runner = web.AppRunner(
            application,
            access_log=None,
            keepalive_timeout=patience,
            auto_decompress=False,
            lingering_time=1.0,
            logger=logging.Logger(__name__, logging.CRITICAL),  # noqa: LOG001 - what strangers send stays out of the log
        )
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        await self._runner.setup()
        self._server = await asyncio.get_running_loop().create_server(self._admit, self._host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
        await self._runner.cleanup()

    def _admit(self) -> asyncio.Protocol:
        server = self._runner.server
        assert server is not None  # noqa: S101 - there is one between setup and cleanup
        return server() if len(server.connections) < _CONNECTIONS else _NoRoom()

    async def _handle(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = bytearray()
        try:
            async with asyncio.timeout(self._patience):
                refusal = await self._fill(body, request)
            if refusal is not None:
                return self._turn_away(headers, refusal)
            is_asked = request.query.get("explain", "").lower() in {"1", "true"}
            answer = await self._desk.receive(Delivery(headers, bytes(body), explain=is_asked))
            return web.Response(status=answer.status, text=answer.text, content_type=answer.content_type)
        except (ConnectionError, web.RequestPayloadError) as error:  # who sent it is gone, or speaks no HTTP
            return self._turn_away(headers, Answer(400, f"The body cannot be read: {error}\n", Result.MALFORMED))
        except TimeoutError:
            slow = f"The body did not arrive within {self._patience:g} seconds.\n"
            return self._turn_away(headers, Answer(408, slow, Result.TOO_SLOW))
        except Exception:  # noqa: BLE001 - the edge: what it was must be in the log, and nobody else must notice
            _log.exception("a webhook could not be answered")
            return web.Response(status=500, text="This is a bug of the operator; its log has more.\n")
        finally:
            self._in_hand -= len(body)

    async def _fill(self, body: bytearray, request: web.Request) -> Answer | None:
        """Read the body; gives why it is not read to its end."""
        if (request.content_length or 0) > LARGEST:
            return _too_large()
        async for chunk in request.content.iter_chunked(_CHUNK):
            body += chunk
            self._in_hand += len(chunk)
            if len(body) > LARGEST:
                return _too_large()
            if self._in_hand > _AT_ONCE:
                return Answer(503, "Too much is coming in at once; try again.\n", Result.BUSY)
        return None

    def _turn_away(self, headers: Mapping[str, str], answer: Answer) -> web.Response:
        """The rest of the body is not waited for."""
        self._desk.note(headers, answer.result)
        response = web.Response(status=answer.status, text=answer.text)
        response.force_close()
        return response


def address_of(host: str, port: int) -> str:
    """Where a receiver is reached; an IPv6 address gets its brackets."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _NoRoom(asyncio.Protocol):
    """A connection that is one too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


def _too_large() -> Answer:
    return Answer(413, f"The body is larger than {LARGEST // _MEBIBYTE} MiB.\n", Result.TOO_LARGE)
