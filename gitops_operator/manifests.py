"""What Git wants of one Application: fetch, render, stamp; nothing is done twice for the same files."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

from gitops_operator.errors import Problem, RenderError, SourceError
from gitops_operator.model.application import Application, ApplicationKey, Source
from gitops_operator.model.hooks import OF_DELETION, OF_SYNC, hooks_in
from gitops_operator.model.kind import Catalogue
from gitops_operator.model.resource import GroupKind, Resource
from gitops_operator.model.revision import Revision
from gitops_operator.plan import inputs_digest, namespace_resource, unknown_options
from gitops_operator.render import Rendered
from gitops_operator.render.build import Request
from gitops_operator.render.renderer import Renderer
from gitops_operator.render.stamp import Stamped, stamp
from gitops_operator.source.credentials import Credential
from gitops_operator.source.interests import Resolved
from gitops_operator.view import Desired

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


class _Known(NamedTuple):
    """What a commit gave, by which catalogue it was stamped, and what was read for it outside the source's path."""

    catalogue: Catalogue
    reads: frozenset[str]
    desired: Desired


class Manifests:
    """Fetch, render and stamp for the reconciler."""

    def __init__(
        self,
        repositories: Repositories,
        renderer: Renderer,
        *,
        credential_of: Callable[[Application], Credential | None],
        catalogue: Callable[[], Catalogue],
        installation: str,
    ) -> None:
        self._repositories, self._renderer = repositories, renderer
        self._credential_of, self._catalogue = credential_of, catalogue
        self._installation = installation
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

    async def desired(self, application: Application, resolved: Resolved) -> Desired | None:
        """The desired objects at a commit; None: a tool renders them, and the key is woken when it has ended.

        Raises:
            RenderError: every problem of every file, with file, line and column.
        """
        try:
            stamped = await self._known(application, resolved)
        except RenderError as error:
            if error.reads:  # what would mend it may lie outside the source's path
                self._repositories.note_reads(application.key, error.reads)
            raise
        if stamped is None:
            return None
        self._repositories.note_reads(application.key, stamped.reads)
        stale = _stale(resolved)
        return replace(stamped.desired, warnings={**stamped.desired.warnings, **stale}) if stale else stamped.desired

    async def past(self, application: Application, source: Source, revision: str) -> Desired | None:
        """The desired objects at a commit of a source that the Application has, or once had; None: not known yet.

        Raises:
            SourceError: that commit is gone, or the repository cannot be read.
            RenderError: what is wrong in the files.
        """
        then = replace(application, source=source)
        resolved = self._repositories.recall(application.key, source, self._credential_of(then), revision)
        known = None if resolved is None else await self._known(then, resolved)
        return None if known is None else known.desired

    async def _known(self, application: Application, resolved: Resolved) -> _Known | None:
        known = self._stamped.setdefault(application.key, {})
        memo = (resolved.revision, application.source, application.generation)
        stamped = known.pop(memo, None)
        if stamped is None or stamped.catalogue is not self._catalogue():
            stamped = await self._stamp(application, resolved)
        if stamped is None:
            return None
        known[memo] = stamped
        while len(known) > _REMEMBERED:
            del known[next(iter(known))]
        return stamped

    async def _stamp(self, application: Application, resolved: Resolved) -> _Known | None:
        rendered = await self._renderer.render(_request(application, resolved))
        if rendered is None:
            return None
        catalogue, reads = self._catalogue(), frozenset(read.path for read in rendered.reads)
        desired = await self._renderer.in_thread(lambda: self._desired(application, resolved, rendered, catalogue))
        return _Known(catalogue, reads, desired)

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
                self._renderer.forget_render(_request(application, resolved))

    def forget(self, key: ApplicationKey) -> None:
        """The Application is gone."""
        self._repositories.forget(key)
        self._renderer.forget(key)
        self._stamped.pop(key, None)


def _request(application: Application, resolved: Resolved) -> Request:
    return Request(resolved.tree, application.source, application.key, application.namespace)


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
