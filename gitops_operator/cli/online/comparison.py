"""One Application compared by the operator's own stages: rendered from its repository, read with the user's rights."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from gitops_operator.access import CERTIFICATES, CONFIG_TYPE, KNOWN_HOSTS, SECRET_TYPE
from gitops_operator.assembly import Onlooker, assemble_onlooker
from gitops_operator.cli.exits import CommandError
from gitops_operator.cli.online.placing import Files
from gitops_operator.cli.online.progress import Progress
from gitops_operator.cli.online.reach import Reach
from gitops_operator.cli.online.reader import Reader
from gitops_operator.cluster.discovery import Discovery
from gitops_operator.cluster.objects import list_all
from gitops_operator.diff import Context, ignored_in
from gitops_operator.diff.explain import explain
from gitops_operator.diff.ignore import REPLICAS, ignored_paths
from gitops_operator.errors import ClusterError, GitOpsError, SourceError
from gitops_operator.model.application import Application, ApplicationKey
from gitops_operator.model.change import Action, Change, Difference, Why
from gitops_operator.model.kind import Catalogue
from gitops_operator.model.live import Snapshot
from gitops_operator.model.resource import GroupKind, ResourceKey, key_in
from gitops_operator.plan import Hints
from gitops_operator.settings import Settings
from gitops_operator.source.interests import Resolved
from gitops_operator.view import Desired, View

_SECRET, _CONFIG_MAP = GroupKind("", "Secret"), GroupKind("", "ConfigMap")
_PAGE = 500
_SAMPLE = 5
_FOLDERS = 8
_NEVER = 86400.0
_PATIENCE = 20.0
_IN_USE = "MirrorFolderInUse"
_MAYBE_CREDENTIALS = frozenset(
    {"AuthenticationFailed", "RepositoryNotFound", "HostKeyUnknown", "HostKeyMismatch", "CertificateInvalid"}
)
_MAYBE_NETWORK = frozenset({"Timeout", "RepositoryUnreachable"})


class Excused(NamedTuple):
    """A field that differs and does not count, and why not."""

    field: Difference
    why: str


@dataclass(frozen=True, slots=True)
class Compared:
    """A change for each object, and the fields of those that differ; `remarks` say what could not be looked at.

    `excused` are the fields that differ and do not count.
    """

    application: Application
    desired: Desired
    changes: tuple[Change, ...]
    differences: Mapping[ResourceKey, tuple[Difference, ...]]
    remarks: tuple[str, ...] = ()
    excused: Mapping[ResourceKey, tuple[Excused, ...]] = field(default_factory=dict)

    @property
    def differing(self) -> tuple[Change, ...]:
        """What is not as Git wants it, or cannot be compared."""
        return tuple(change for change in self.changes if not change.is_in_sync)


@dataclass(slots=True)
class Comparison:
    """How one Application is compared; `settings` has the operator's namespace and the cache folder."""

    reach: Reach
    application: Application
    settings: Settings
    progress: Progress
    _hints: list[str] = field(default_factory=list)

    async def run(self, revision: str = "") -> Compared:
        """With the commit that it follows, or another one.

        Raises:
            CommandError: Git or the cluster cannot be read, in words for the user.
        """
        return (await self.viewed(revision))[0]

    async def viewed(self, revision: str = "") -> tuple[Compared, View]:
        """As `run`, with all that the operator's own decisions are made from."""
        try:
            return await self._run(revision)
        except ClusterError:
            raise
        except SourceError as error:
            raise CommandError("\n".join([error.message, *self._advice(error)])) from error
        except GitOpsError as error:
            raise CommandError(error.message) from error

    async def _run(self, revision: str) -> tuple[Compared, View]:
        if self.application.problems:
            raise CommandError("\n".join(self.application.problems))
        client = self.reach.client
        catalogue = await Discovery(client).discover()
        reader = Reader(client, catalogue)
        await reader.read(self._listed()[:_SAMPLE])
        answered = asyncio.Event()
        settings = replace(self.settings, installation=reader.installation_of(self.application.key))
        async with _onlooking(self.reach, settings, answered) as onlooker:
            onlooker.store.catalogue(catalogue)
            await self._read_credentials(onlooker, catalogue)
            resolved = await self._resolved(onlooker, revision, answered)
            desired = await self._rendered(onlooker, resolved, answered)
            await self._read(reader, desired)
            kinds = {key.group_kind for key in (*desired.keys, *reader.bodies)}
            reader.fill(onlooker.store, kinds)
            view = await onlooker.sight.view(self.application, (desired, desired.inputs), Hints())
            return self._compared(reader, view, resolved), view

    def _listed(self) -> list[ResourceKey]:
        """The objects that status names."""
        listed = self.application.status.get("resources") or ()
        return list(map(key_in, listed))

    async def _read_credentials(self, onlooker: Onlooker, catalogue: Catalogue) -> None:
        """Those that the operator has for this Application, as far as the user may read them."""
        own, operators = self.application.key.namespace, self.settings.namespace
        places = [(_SECRET, namespace, SECRET_TYPE) for namespace in dict.fromkeys((own, operators))]
        labelled = f"{CONFIG_TYPE} in ({KNOWN_HOSTS},{CERTIFICATES})"
        for group_kind, namespace, labels in (*places, (_CONFIG_MAP, operators, labelled)):
            kind = catalogue.preferred[group_kind]
            try:
                found = await list_all(self.reach.client, kind, namespace, limit=_PAGE, labels=labels)
            except ClusterError as error:
                if error.status != 403:
                    raise
                self._hints.append(error.message)
                continue
            for raw in found.objects:
                onlooker.store.changed(kind, raw)
        onlooker.access.read()

    def _advice(self, error: SourceError) -> list[str]:
        if error.reason in _MAYBE_NETWORK:
            return ["The operator may reach what this machine cannot; its own view is in: kubectl gitops get APP."]
        if error.reason not in _MAYBE_CREDENTIALS:
            return []
        if self._hints:
            said = [f"You may not read the operator's credentials: {hint}" for hint in self._hints]
            return [*said, "The operator may be able to read the repository all the same."]
        places = " and ".join(dict.fromkeys((self.application.key.namespace, self.settings.namespace)))
        looked = f"Credentials were looked for in Secrets labelled {SECRET_TYPE} of namespace {places}"
        return [f"{looked}; if the operator runs in another one, name it with --operator-namespace."]

    async def _resolved(self, onlooker: Onlooker, revision: str, answered: asyncio.Event) -> Resolved:
        self.progress.tell("git", f"Reading {self.application.source.repo_url} …")
        # A mirror from an earlier call knows what a branch was then: the first answer is always that of a look.
        while (resolved := onlooker.manifests.resolve(self.application, revision)) is None:
            answered.clear()
            await answered.wait()
        self.progress.tell("git", "")
        if resolved.stale is not None:
            raise resolved.stale
        return resolved

    async def _rendered(self, onlooker: Onlooker, resolved: Resolved, answered: asyncio.Event) -> Desired:
        while (desired := await onlooker.manifests.desired(self.application, resolved)) is None:
            answered.clear()
            await answered.wait()
        return desired

    async def _read(self, reader: Reader, desired: Desired) -> None:
        self.progress.tell("live", f"Reading {len(desired.keys)} objects of the cluster …")
        listed = self._listed()
        await reader.read((*desired.keys, *listed))
        total = (self.application.status.get("resourceCounts") or {}).get("total", 0)
        if total > len(listed):  # status names a part only: what Git no longer has may be anywhere
            namespaces = {key.namespace for key in (*desired.keys, *listed) if key.namespace}
            places = _places((*desired.keys, *listed), namespaces | {self.application.namespace})
            await reader.list_places(places, "some objects that Git no longer has may not be seen")
        await reader.read_autoscalers(desired.resources)
        await reader.read_other_owners(self.application.key)
        self.progress.tell("live", "")

    def _compared(self, reader: Reader, view: View, resolved: Resolved) -> Compared:
        files = Files(resolved)
        changes = tuple(_as_far_as_read(change, reader) for change in view.changes)
        differences = {
            change.key: tuple(map(files.placed, _differences(change, reader, view)))
            for change in changes
            if change.action in {Action.UPDATE, Action.REPLACE} or change.why is Why.CONFLICT
        }
        warnings = tuple(f"{kind}: {text}" for kind, text in view.desired.warnings.items())
        excused = {
            change.key: tuple(one._replace(field=files.placed(one.field)) for one in _excused(change, reader, view))
            for change in changes
            if change.desired is not None and ignored_in(change.desired, reader.bodies.get(change.key), *_by(view))
        }
        remarks = (*warnings, *dict.fromkeys(reader.remarks))
        return Compared(self.application, view.desired, changes, differences, remarks, excused)


def _places(keys: Iterable[ResourceKey], namespaces: Iterable[str]) -> Iterable[tuple[GroupKind, str]]:
    """Every kind in every namespace; kinds without namespaces once."""
    for group_kind, is_namespaced in {key.group_kind: bool(key.namespace) for key in keys}.items():
        yield from (
            (group_kind, namespace) for namespace in (sorted(filter(None, namespaces)) if is_namespaced else [""])
        )


def _as_far_as_read(change: Change, reader: Reader) -> Change:
    """What may not be read is not missing."""
    refused = reader.unreadable.get(change.key)
    return Change(change.key, Action.NONE, Why.KIND_NOT_READY, refused, change.desired) if refused else change


def _differences(change: Change, reader: Reader, view: View) -> tuple[Difference, ...]:
    live = reader.bodies.get(change.key)
    if change.desired is None or live is None:
        return ()
    return explain(change.desired, live, ignored_in(change.desired, live, *_by(view)))


def _by(view: View) -> tuple[Snapshot, Context]:
    return view.snapshot, view.context


def _excused(change: Change, reader: Reader, view: View) -> Iterator[Excused]:
    """The fields that differ as long as one rule does not count, and that rule."""
    live = reader.bodies.get(change.key)
    if change.desired is None or live is None:
        return
    everything = explain(change.desired, live)
    rules = view.context.rules.rules
    reasons = [
        (f"ignored by ignoreDifferences[{rules.index(rule)}]", ignored_paths([rule], change.desired.body, live))
        for rule in view.context.rules.about(change.key)
    ]
    scaler = view.snapshot.autoscaled.get(change.key)
    if scaler is not None:
        reasons.insert(0, (f"belongs to the autoscaler, {scaler.kind} {scaler.name}", frozenset({REPLICAS})))
    for reason, paths in reasons:
        counts = {one.path for one in explain(change.desired, live, paths)}
        yield from (Excused(one, reason) for one in everything if one.path not in counts)
        everything = tuple(one for one in everything if one.path in counts)


@contextlib.asynccontextmanager
async def _onlooking(reach: Reach, settings: Settings, answered: asyncio.Event) -> AsyncGenerator[Onlooker]:
    """The stages, with their poller running."""
    onlooker = _in_a_folder(reach, settings, answered)
    running = [asyncio.create_task(part.run()) for part in (onlooker.repositories, onlooker.renderer)]
    try:
        yield onlooker
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _in_a_folder(reach: Reach, settings: Settings, answered: asyncio.Event) -> Onlooker:
    """Each call needs a folder of its own: the next one where another call is at work."""

    def wake(_: ApplicationKey) -> None:
        answered.set()

    for number in range(_FOLDERS):
        folder = settings.data_folder / str(number)
        try:
            return assemble_onlooker(reach.client, replace(settings, data_folder=folder), wake)
        except SourceError as error:
            if error.reason != _IN_USE:
                raise CommandError(error.message) from error
    raise CommandError(f"{_FOLDERS} other calls are at work in {settings.data_folder}; try again")


def settings_of(arguments: argparse.Namespace, environ: Mapping[str, str]) -> Settings:
    """What a comparison needs to know of the operator, and where it keeps what it has read."""
    return Settings(
        namespace=arguments.operator_namespace or environ.get("GITOPS_NAMESPACE") or Settings().namespace,
        data_folder=cache_folder(environ),
        poll_interval=_NEVER,
        git_timeout=_PATIENCE,
    )


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where mirrors and renders are kept between calls."""
    given = environ.get("XDG_CACHE_HOME", "")
    return (Path(given) if given.startswith("/") else Path.home() / ".cache") / "kubectl-gitops"
