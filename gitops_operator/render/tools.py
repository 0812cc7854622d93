"""Runs a tool apart from everything else: in a folder of its own, with limits, without the operator's environment."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import secrets
import shutil
import signal
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import NamedTuple, TypeVar

from gitops_operator.errors import Problem, RenderError
from gitops_operator.render.build import Build
from gitops_operator.render.copying import write_out
from gitops_operator.render.programs import ToolReason

TOO_MUCH_OUTPUT = 32 * 1024 * 1024

_LONGEST_MESSAGE = 2000
_HEARD = 64 * 1024  # of what a tool says of errors
_LARGEST_FILE = 64 * 1024 * 1024
_CHUNK = 64 * 1024
_ALONE = ("unshare", "--user", "--map-current-user", "--net", "--")
_PATIENCE = 10.0
_MIB = 1024 * 1024
_NO_MEMORY = ("out of memory", "cannot allocate memory", "failed to create new OS thread", "failed to reserve")

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class ToolLimits(NamedTuple):
    """What one run may take: seconds, and MiB of memory."""

    seconds: float = 90.0
    memory: int = 256


class Tools:
    """Runs builds below a folder that is its own; what a run that was killed left there goes at the next start."""

    def __init__(self, folder: Path, limits: ToolLimits, threads: Executor) -> None:
        self._folder, self._limits, self._threads = folder, limits, threads
        self._alone: tuple[str, ...] | None = None
        shutil.rmtree(folder, ignore_errors=True)

    async def run(self, build: Build) -> bytes:
        """What the tool prints.

        Raises:
            RenderError: what the tool says is wrong, or the limit that it reached.
        """
        place = self._folder / f"{build.tool}-{secrets.token_hex(8)}"
        try:
            await self._in_thread(lambda: _lay_out(build, place))
            return await self._call(build, place)
        except OSError as error:
            message = f"{build.tool} could not be run: {error.strerror or error}"
            raise build.failed((Problem("", 0, 0, message),), transient=True) from error
        finally:
            await self._in_thread(lambda: shutil.rmtree(place, ignore_errors=True))

    async def _call(self, build: Build, place: Path) -> bytes:
        alone = await self.without_network()
        process = await asyncio.create_subprocess_exec(
            *alone,
            build.program.path,
            *build.arguments,
            cwd=place / "repository" / build.folder,
            env=self._environment(place),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            _bound(process.pid, self._limits)
            async with asyncio.timeout(self._limits.seconds):
                output, said = await asyncio.gather(_output(process), _heard(process.stderr))
                code = await process.wait()
        except TimeoutError:
            message = (
                f"{build.tool} was stopped: it took more than {self._limits.seconds:g} seconds, which the setting "
                "render-timeout allows"
            )
            raise build.failed((Problem(build.folder, 0, 0, message),), reason=ToolReason.TIMEOUT) from None
        finally:
            _kill(process)
            await process.wait()
        if output is None:
            message = f"{build.tool} prints more than {TOO_MUCH_OUTPUT // _MIB} MiB of manifests; make several of it"
            raise build.failed((Problem(build.folder, 0, 0, message),))
        if code:
            raise self._failure(build, place, said, code)
        return output

    def _environment(self, place: Path) -> dict[str, str]:
        """Nothing of the operator's own: no token, no proxy, no address of the API server."""
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(place / "home"),
            "TMPDIR": str(place / "home"),
            "LC_ALL": "C.UTF-8",
            "GOMEMLIMIT": f"{self._limits.memory * 3 // 4}MiB",
        }

    def _failure(self, build: Build, place: Path, said: bytes, code: int) -> RenderError:
        text = said.decode("utf-8", "replace").replace(f"{place / 'repository'}/", "").replace(str(place), "")
        if code == -signal.SIGKILL or any(words in text for words in _NO_MEMORY):
            message = (
                f"{build.tool} was stopped: it wanted more than {self._limits.memory} MiB of memory, which the setting "
                "render-memory allows"
            )
            return build.failed((Problem(build.folder, 0, 0, message),), reason=ToolReason.OUT_OF_MEMORY)
        message = _in_words(text) or f"it ended with {code} and said nothing"
        return build.failed((Problem(build.folder, 0, 0, f"{build.tool}: {message}"),))

    async def without_network(self) -> tuple[str, ...]:
        """What cuts a tool off from the network, tried out once; nothing where the kernel does not let us."""
        if self._alone is None:
            self._alone = _ALONE if await _works(*_ALONE, "true") else ()
            _log.info(
                "tools that render run without network"
                if self._alone
                else "tools that render are not cut off from the network: this kernel or container runtime allows no "
                "user namespaces here; a NetworkPolicy does it"
            )
        return self._alone

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _lay_out(build: Build, place: Path) -> None:
    (place / "home").mkdir(parents=True, mode=0o700)
    repository = place / "repository"
    (repository / build.folder).mkdir(parents=True)
    write_out(build.tree, build.part, build.made, repository)


def _bound(pid: int, limits: ToolLimits) -> None:
    """Memory, the size of a file, no core dumps. The process may have ended already."""
    wanted = (
        (resource.RLIMIT_DATA, limits.memory * _MIB),
        (resource.RLIMIT_FSIZE, _LARGEST_FILE),
        (resource.RLIMIT_CORE, 0),
    )
    with contextlib.suppress(ProcessLookupError, PermissionError):
        for kind, size in wanted:
            resource.prlimit(pid, kind, (size, size))


async def _output(process: asyncio.subprocess.Process) -> bytes | None:
    """Everything that a tool prints; None where that is too much, and then it is ended."""
    parts, size = [], 0
    while process.stdout is not None and (part := await process.stdout.read(_CHUNK)):
        parts.append(part)
        size += len(part)
        if size > TOO_MUCH_OUTPUT:
            _kill(process)
            return None
    return b"".join(parts)


async def _heard(stream: asyncio.StreamReader | None) -> bytes:
    """The beginning of what comes; the rest is read and dropped, so that nobody waits."""
    heard = b""
    while stream is not None and (part := await stream.read(_CHUNK)):
        heard += part[: _HEARD - len(heard)]
    return heard


def _kill(process: asyncio.subprocess.Process) -> None:
    """The tool and all that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


async def _works(*command: str) -> bool:
    nothing = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(*command, stdin=nothing, stdout=nothing, stderr=nothing)
    except OSError:
        return False
    try:
        async with asyncio.timeout(_PATIENCE):
            return await process.wait() == 0
    except TimeoutError:
        process.kill()
        await process.wait()
        return False


def _in_words(text: str) -> str:
    """What a tool says of its failure, without the warnings before it."""
    found = text.rfind("\nError: ")
    said = text[found + 1 :] if found >= 0 else text
    return said.removeprefix("Error: ").strip()[:_LONGEST_MESSAGE]
