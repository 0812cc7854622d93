"""What Git wants of one Application: fetch, render, stamp; nothing is done twice for the same files."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any, NamedTuple, Protocol, TypeVar

from gitops_operator.errors import Problem, RenderError, SourceError
from gitops_operator.model.application import Application, ApplicationKey, Source
from gitops_operator.model.hooks import OF_DELETION, OF_SYNC, hooks_in
from gitops_operator.model.kind import Catalogue
from gitops_operator.model.resource import GroupKind, Resource
from gitops_operator.model.revision import Revision
from gitops_operator.plan import inputs_digest, namespace_resource, unknown_options
from gitops_operator.render import Rendered
from gitops_operator.render.cache import RenderCache, Result
from gitops_operator.render.stamp import Stamped, stamp
from gitops_operator.source.credentials import Credential
from gitops_operator.source.interests import Resolved
from gitops_operator.view import Desired

_T = TypeVar("_T")
_REMEMBERED = 2  # the newest commit's, and that of a running operation


class Repositories(Protocol):
    """Where commits come from: answers at once, wakes the key when it knows more."""

    def resolve(
        self, key: ApplicationKey, source: Source, credential: Credential | None, *, revision: str = ""
    ) -> Resolved | None: ...

    def recall(
        self, key: ApplicationKey, source: Source, credential: Credential | None, revision: str
    ) -> Resolved | None: ...

    def release(self, key: ApplicationKey) -> None: ...

    def note_reads(self, key: ApplicationKey, paths: frozenset[str]) -> None: ...

    def refresh(self, key: ApplicationKey) -> None: ...

    def is_refreshing(self, key: ApplicationKey) -> bool: ...

    def forget(self, key: ApplicationKey) -> None: ...


class Observer(Protocol):
    """Hears of renders."""

    def rendered(self, result: Result, seconds: float) -> None: ...


class Unmeasured:
    """Nobody listens."""

    def rendered(self, result: Result, seconds: float) -> None: ...


class _Known(NamedTuple):
    """What a commit gave, by which catalogue it was stamped, and what was read for it outside the source's path."""

    catalogue: Catalogue
    reads: frozenset[str]
    desired: Desired


class Manifests:
    """Fetch, render and stamp for the reconciler."""

    def __init__(  # noqa: PLR0913 - what assembly has to give; a type for it would be used once
        self,
        repositories: Repositories,
        cache: RenderCache,
        *,
        credential_of: Callable[[Application], Credential | None],
        catalogue: Callable[[], Catalogue],
        installation: str,
        clock: Callable[[], float],
        observer: Observer,
        threads: Executor,
    ) -> None:
        self._repositories, self._cache = repositories, cache
        self._credential_of, self._catalogue = credential_of, catalogue
        self._installation, self._clock, self._observer = installation, clock, observer
        self._threads = threads
        self._stamped: dict[ApplicationKey, dict[tuple[Revision, Source, int], _Known]] = {}

    def resolve(self, application: Application, revision: str = "") -> Resolved | None:
        """The commit that an Application follows, or a given one; None: the key is woken when it is known.

        Raises:
            SourceError: the repository cannot be read, or has no such revision.
        """
        credential = self._credential_of(application)
        return self._repositories.resolve(application.key, application.source, credential, revision=revision)

    def release(self, application: Application) -> None:
        """No operation names a revision any more."""
        self._repositories.release(application.key)

    async def desired(self, application: Application, resolved: Resolved) -> Desired:
        """The desired objects at a commit.

        Raises:
            RenderError: every problem of every file, with file, line and column.
        """
        stamped = await self._known(application, resolved)
        self._repositories.note_reads(application.key, stamped.reads)
        stale = _stale(resolved)
        return replace(stamped.desired, warnings={**stamped.desired.warnings, **stale}) if stale else stamped.desired

    async def past(self, application: Application, source: Source, revision: str) -> Desired | None:
        """The desired objects at a commit of a source that the Application has, or once had; None: not fetched yet.

        Raises:
            SourceError: that commit is gone, or the repository cannot be read.
            RenderError: what is wrong in the files.
        """
        then = replace(application, source=source)
        resolved = self._repositories.recall(application.key, source, self._credential_of(then), revision)
        return None if resolved is None else (await self._known(then, resolved)).desired

    async def _known(self, application: Application, resolved: Resolved) -> _Known:
        known = self._stamped.setdefault(application.key, {})
        memo = (resolved.revision, application.source, application.generation)
        stamped = known.pop(memo, None)
        if stamped is None or stamped.catalogue is not self._catalogue():
            stamped = await self._stamp(application, resolved)
        known[memo] = stamped
        while len(known) > _REMEMBERED:
            del known[next(iter(known))]
        return stamped

    async def _stamp(self, application: Application, resolved: Resolved) -> _Known:
        rendered = await self._render(application, resolved)
        catalogue, reads = self._catalogue(), frozenset(read.path for read in rendered.reads)
        desired = await self._in_thread(lambda: self._desired(application, resolved, rendered, catalogue))
        return _Known(catalogue, reads, desired)

    async def _render(self, application: Application, resolved: Resolved) -> Rendered:
        source, started = application.source, self._clock()
        answer = await self._in_thread(
            lambda: self._cache.get_or_render(resolved.tree, source.path, source.directory, now=started)
        )
        self._observer.rendered(answer.result, self._clock() - started)
        return answer.rendered

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        """Ten thousand objects take long enough to hold up everybody else."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _desired(
        self, application: Application, resolved: Resolved, rendered: Rendered, catalogue: Catalogue
    ) -> Desired:
        def is_namespaced(group_kind: GroupKind) -> bool | None:
            kind = catalogue.preferred.get(group_kind)
            return None if kind is None else kind.namespaced

        known = self._stamped.get(application.key, {}).values()
        before = [resource for one in known for resource in one.desired.everything]
        stamped = stamp(
            rendered, application.key, self._installation, application.namespace, is_namespaced, before=before
        )
        return Desired(
            revision=resolved.revision,
            inputs=inputs_digest(application, rendered.inputs),
            resources=stamped.resources,
            hooks=hooks_in(stamped.hooks, OF_SYNC),
            delete_hooks=hooks_in(stamped.hooks, OF_DELETION),
            namespace=_own_namespace(application, stamped),
            warnings=_warnings(application, stamped),
            images=tuple(sorted(set(_images(stamped.resources)))),
            committed_at=resolved.committed_at,
            note=resolved.note,
        )

    def refresh(self, application: Application) -> None:
        """Ask the repository again now; the key is woken when it has answered."""
        self._repositories.refresh(application.key)

    def is_refreshing(self, key: ApplicationKey) -> bool:
        """Whether such an answer is still to come."""
        return self._repositories.is_refreshing(key)

    def forget_render(self, application: Application) -> None:
        """Make the next look read the files anew."""
        self._stamped.pop(application.key, None)
        with contextlib.suppress(SourceError, RenderError):  # what cannot be found is not remembered
            resolved = self.resolve(application)
            if resolved is not None:
                self._cache.forget(resolved.tree, application.source.path, application.source.directory)

    def forget(self, key: ApplicationKey) -> None:
        """The Application is gone."""
        self._repositories.forget(key)
        self._stamped.pop(key, None)


def _own_namespace(application: Application, stamped: Stamped) -> Resource | None:
    namespace = namespace_resource(application)
    if namespace is None or any(resource.key == namespace.key for resource in stamped.resources):
        return None
    return namespace


def _stale(resolved: Resolved) -> Mapping[str, str]:
    return {"SourceStale": f"The repository cannot be read: {resolved.stale.message}"} if resolved.stale else {}


def _warnings(application: Application, stamped: Stamped) -> Mapping[str, str]:
    of_objects = frozenset[str]().union(*(resource.options for resource in stamped.resources))
    unknown = unknown_options(application.sync_policy.options, of_objects)
    words = {
        "RenderWarning": _in_words(stamped.warnings),
        "OptionUnknown": f"These sync options mean nothing where they stand: {', '.join(unknown)}." if unknown else "",
    }
    return {kind: text for kind, text in words.items() if text}


def _in_words(problems: tuple[Problem, ...]) -> str:
    return "\n".join(str(problem) for problem in problems)


def _images(resources: tuple[Resource, ...]) -> Iterator[str]:
    for resource in resources:
        yield from _images_in(resource.body.get("spec"))


def _images_in(value: Any) -> Iterator[str]:
    """The images of the containers of pod specs and pod templates, however deep (a CronJob has it four levels down)."""
    if not isinstance(value, Mapping):
        return
    for name in ("containers", "initContainers"):
        for container in value.get(name) or () if isinstance(value.get(name), list) else ():
            if isinstance(container, Mapping) and isinstance(container.get("image"), str):
                yield container["image"]
    for name in ("template", "spec", "jobTemplate"):
        yield from _images_in(value.get(name))
