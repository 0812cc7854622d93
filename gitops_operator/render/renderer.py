"""From a source of an Application to its objects: at once where they are plain or known, else when a tool has run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import NamedTuple, Protocol, TypeVar

from gitops_operator.errors import RenderError
from gitops_operator.model.application import ApplicationKey, Directory
from gitops_operator.render import Rendered
from gitops_operator.render.build import Build, Request
from gitops_operator.render.cache import Answer, RenderCache, Result
from gitops_operator.render.jobs import Jobs
from gitops_operator.render.kinds import SourceKind, kind_of
from gitops_operator.render.preparing import prepare
from gitops_operator.render.programs import Programs

_T = TypeVar("_T")
PLAIN = "directory"


class Runner(Protocol):
    """Runs tools."""

    async def run(self, build: Build) -> bytes:
        """What the tool prints.

        Raises:
            RenderError: what it says is wrong.
        """


class Observer(Protocol):
    """Hears of renders."""

    def rendered(self, tool: str, result: Result, seconds: float) -> None: ...

    def whole_tree(self) -> None: ...


class Unmeasured:
    """Nobody listens."""

    def rendered(self, tool: str, result: Result, seconds: float) -> None: ...

    def whole_tree(self) -> None: ...


class Workshop(NamedTuple):
    """What renders are made with."""

    cache: RenderCache
    runner: Runner
    programs: Programs
    threads: Executor
    clock: Callable[[], float]
    observer: Observer = Unmeasured()


class Renderer:
    """Belongs to one event loop; nothing of it waits for a tool."""

    def __init__(self, workshop: Workshop, wake: Callable[[ApplicationKey], None], at_once: int) -> None:
        self._shop = workshop
        self._jobs: Jobs[Answer] = Jobs(at_once, wake)

    async def render(self, request: Request) -> Rendered | None:
        """The objects of a source; None: a tool is at work, and the Application is woken when it has ended.

        Raises:
            RenderError: everything that is wrong.
        """
        ended, started = self._jobs.ended(request.application), self._shop.clock()
        found = await self.in_thread(lambda: self._look(request, started))
        if isinstance(found, Answer):
            self._shop.observer.rendered(PLAIN, found.result, self._shop.clock() - started)
            return found.rendered
        if ended is not None and ended.name == found.digest:  # not remembered any more, and yet the answer
            return ended.task.result().rendered
        self._jobs.start(found.digest, request.application, lambda: self._run(found))
        return None

    def _look(self, request: Request, now: float) -> Answer | Build:
        source = request.source
        kind = kind_of(request.tree, source)
        if kind is SourceKind.DIRECTORY:
            return self._shop.cache.get_or_render(request.tree, source.path, source.directory or Directory(), now=now)
        build = prepare(kind, request, self._shop.programs)
        return self._shop.cache.recall(build, now=now) or build

    async def _run(self, build: Build) -> Answer:
        shop, started = self._shop, self._shop.clock()
        try:
            output = await shop.runner.run(build)
            answer = await self.in_thread(lambda: shop.cache.keep(build, output))
        except RenderError as error:
            shop.cache.fail(build, error, now=shop.clock())
            raise
        shop.observer.rendered(build.tool, answer.result, shop.clock() - started)
        if build.is_whole_tree:
            shop.observer.whole_tree()
        return answer

    def forget_render(self, request: Request) -> None:
        """Make the next look render anew.

        Raises:
            RenderError: there is nothing to render.
        """
        source = request.source
        kind = kind_of(request.tree, source)
        if kind is SourceKind.DIRECTORY:
            self._shop.cache.forget(request.tree, source.path, source.directory or Directory())
        else:
            self._shop.cache.forget_build(prepare(kind, request, self._shop.programs))

    def forget(self, key: ApplicationKey) -> None:
        """The Application is gone."""
        self._jobs.forget(key)

    async def run(self) -> None:
        """Until cancelled; then every tool is ended."""
        try:
            await asyncio.Event().wait()
        finally:
            await self._jobs.close()

    async def settle(self) -> None:
        """Until no tool is at work."""
        await self._jobs.settle()

    async def in_thread(self, work: Callable[[], _T]) -> _T:
        """Do work beside the loop: ten thousand objects take long enough to hold up everybody else."""
        return await asyncio.get_running_loop().run_in_executor(self._shop.threads, work)
