"""Remembers renders: what a folder of a commit gave once it gives again, in any repository and for any Application.

The key is the content, so a change elsewhere in a repository is a hit. What links read outside the folder is compared
on each look.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from gitops_operator.errors import RenderError
from gitops_operator.model.application import Directory
from gitops_operator.model.tree import Tree
from gitops_operator.render import Rendered, Source, is_current, locate, render_source
from gitops_operator.render.bodies import Bodies
from gitops_operator.render.build import Build
from gitops_operator.render.disk import Disk
from gitops_operator.render.failures import Failures


class Result(StrEnum):
    """Where a render came from."""

    MEMORY = "memory"
    DISK = "disk"
    RENDERED = "rendered"


class Limits(NamedTuple):
    """How much is remembered: bytes of manifests in memory (their objects take some 3 % of that), renders in
    memory, bytes on disk, and seconds for which a failure is not tried again.
    """

    memory_bytes: int = 32 * 1024 * 1024
    memory_entries: int = 2000
    disk_bytes: int = 512 * 1024 * 1024
    failure_seconds: float = 30.0


class Answer(NamedTuple):
    """A render and where it came from."""

    rendered: Rendered
    result: Result


class RenderCache:
    """Renders in memory and, with a folder, on disk. Safe to use from several threads."""

    def __init__(self, folder: Path | None = None, limits: Limits = Limits()) -> None:  # noqa: B008 - immutable
        self._bodies = Bodies(folder)
        self._disk = Disk(folder, limits.disk_bytes, self._bodies.packed) if folder else None
        self._limits = limits
        self._lock = threading.Lock()
        self._renders: OrderedDict[str, Rendered] = OrderedDict()
        self._newest: OrderedDict[tuple[object, ...], str] = OrderedDict()
        self._bytes = 0
        self._failures = Failures(limits.failure_seconds)

    def get_or_render(self, tree: Tree, path: str, directory: Directory, *, now: float) -> Answer:
        """The render of a folder; `now` in seconds of any clock that only goes forward.

        Raises:
            RenderError: every problem of every file; the same error for a while.
        """
        source = locate(tree, path, directory)
        failure = (source.digest, tree.commit)  # the commit, too: what links read outside the folder is not known then
        self._failures.check(failure, now)
        remembered = self._recall(source.digest, lambda rendered: is_current(rendered, source))
        if remembered is not None:
            return remembered
        try:
            rendered = self._bodies.shelved(render_source(source, self._bodies.packed, self._before(source)))
        except RenderError as error:
            self._failures.add(failure, error, now)
            raise
        self._note_place(source)
        return self._keep(source.digest, rendered)

    def recall(self, build: Build, *, now: float) -> Answer | None:
        """What a build gave before; None where a tool has to run.

        Raises:
            RenderError: it failed not long ago.
        """
        self._failures.check((build.digest, ""), now)
        return self._recall(build.digest, lambda _: True)

    def keep(self, build: Build, output: bytes) -> Answer:
        """The objects that a tool printed, remembered.

        Raises:
            RenderError: everything that is wrong with them.
        """
        rendered = build.rendered(output)
        packed = tuple(map(self._bodies.packed, rendered.resources))
        return self._keep(build.digest, self._bodies.shelved(replace(rendered, resources=packed)))

    def fail(self, build: Build, error: RenderError, *, now: float) -> None:
        """A build ended with an error, which stands for a while."""
        self._failures.add((build.digest, ""), error, now)

    def forget_build(self, build: Build) -> None:
        """Makes the next look run the tool anew."""
        self._forget(build.digest, "")

    def _keep(self, digest: str, rendered: Rendered) -> Answer:
        self._remember(digest, rendered)
        if self._disk:
            self._disk.put(digest, rendered)
        return Answer(rendered, Result.RENDERED)

    def _before(self, source: Source) -> Rendered | None:
        """The last render of the same place, at another commit, of which most files are still the same."""
        with self._lock:
            return self._renders.get(self._newest.get(_place(source), ""))

    def _note_place(self, source: Source) -> None:
        with self._lock:
            self._newest.pop(_place(source), None)
            self._newest[_place(source)] = source.digest
            while len(self._newest) > self._limits.memory_entries:
                self._newest.popitem(last=False)

    def forget(self, tree: Tree, path: str, directory: Directory) -> None:
        """Makes the next look render anew.

        Raises:
            RenderError: there is no such folder.
        """
        source = locate(tree, path, directory)
        self._forget(source.digest, tree.commit)

    def _forget(self, digest: str, commit: str) -> None:
        with self._lock:
            self._drop(digest)
        self._failures.drop((digest, commit))
        if self._disk:
            self._disk.remove(digest)

    def _recall(self, digest: str, is_current: Callable[[Rendered], bool]) -> Answer | None:
        with self._lock:
            rendered = self._renders.get(digest)
            if rendered is not None and is_current(rendered):
                self._renders.move_to_end(digest)
                return Answer(rendered, Result.MEMORY)
        stored = self._disk.get(digest) if self._disk else None
        if stored is not None and is_current(stored):
            rendered = self._bodies.shelved(stored)
            self._remember(digest, rendered)
            return Answer(rendered, Result.DISK)
        return None

    def _remember(self, digest: str, rendered: Rendered) -> None:
        with self._lock:
            self._drop(digest)
            self._renders[digest] = rendered
            self._bytes += rendered.size
            while self._bytes > self._limits.memory_bytes or len(self._renders) > self._limits.memory_entries:
                self._drop(next(iter(self._renders)))

    def _drop(self, digest: str) -> None:
        dropped = self._renders.pop(digest, None)
        if dropped is not None:
            self._bytes -= dropped.size


def _place(source: Source) -> tuple[object, ...]:
    return source.tree.repository, source.folder.path, source.options
