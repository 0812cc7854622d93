"""A bad line to the API server: it delays, stalls, cuts and refuses; what it carries stays encrypted."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit


class BadLine:
    """Its switches are its attributes; a delay is that of what the server says."""

    def __init__(self, url: str) -> None:
        self.port = 0
        self.delay = 0.0
        self.stalls = False
        self.refuses = False
        self._host, self._port = urlsplit(url).hostname or "", urlsplit(url).port or 443
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Break every connection; new ones are fine unless it refuses."""
        for writer in self._writers:
            writer.transport.abort()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End all connections and what serves them."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ours = {writer}
        try:
            if self.refuses:
                return
            far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
            ours.add(far_writer)
            self._writers |= ours
            await asyncio.gather(
                self._carry(reader, far_writer, slowly=False), self._carry(far_reader, writer, slowly=True)
            )
        except OSError:
            return
        finally:
            self._writers -= ours
            for one in ours:
                one.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, slowly: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(2**16):
                if slowly:
                    await asyncio.sleep(self.delay)
                while self.stalls:  # noqa: ASYNC110 – a test flips the switch, nothing is told
                    await asyncio.sleep(0.02)
                writer.write(data)
                await writer.drain()
        writer.transport.abort()


@asynccontextmanager
async def bad_line(url: str) -> AsyncIterator[BadLine]:
    line = BadLine(url)
    server = await asyncio.start_server(line.accept, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        await line.close()


def through(line: BadLine, kubeconfig: Path, folder: Path) -> Path:
    """The kubeconfig with the bad line for a server."""
    config = json.loads(kubeconfig.read_text())
    for cluster in config["clusters"]:
        cluster["cluster"]["server"] = f"https://127.0.0.1:{line.port}"
    path = folder / f"through-{line.port}"
    path.write_text(json.dumps(config))
    return path
