"""What a cluster serves, in two requests where it aggregates, else group by group."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import msgspec

from gitops_operator.cluster.answer import Answer
from gitops_operator.cluster.client import Client
from gitops_operator.errors import ClusterError
from gitops_operator.model.kind import Catalogue, Kind
from gitops_operator.model.resource import GroupKind

_AGGREGATED = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    "application/json"
)
_GROUPS_AT_ONCE = 10
_CACHEABLE = frozenset({"list", "watch"})


class Group(NamedTuple):
    """One API group: its kinds, preferred versions first; stale when some of them could not be asked."""

    name: str
    kinds: tuple[Kind, ...]
    stale: bool = False


class Discovery:
    """Asks one cluster again and again; what has not changed costs two answers without a body."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, tuple[str, list[Group]]] = {}

    async def discover(self) -> Catalogue:
        """What is served now; groups that could not be asked are named in `stale`.

        Raises:
            ClusterError: nothing at all could be learnt.
        """
        core, named = await asyncio.gather(self._groups("/api"), self._groups("/apis"))
        return catalogue_of([*core, *named])

    async def _groups(self, path: str) -> list[Group]:
        etag, known = self._known.get(path, ("", []))
        answer = await self._client.get_path(path, accept=_AGGREGATED, etag=etag)
        if answer.status == 304:
            return known
        groups = await self._read(path, answer)
        self._known[path] = (answer.etag, groups)
        return groups

    async def _read(self, path: str, answer: Answer) -> list[Group]:
        try:
            said = msgspec.json.decode(answer.body, type=_Answer)
            if said.kind == "APIGroupDiscoveryList":
                return [_aggregated(group) for group in said.items]
            if said.kind == "APIVersions":
                return [await self._legacy("", [f"{path}/{version}" for version in said.versions])]
        except msgspec.DecodeError as error:
            raise ClusterError(f"{path} of {self._client.name} is not discovery: {error}", status=503) from error
        limit = asyncio.Semaphore(_GROUPS_AT_ONCE)

        async def ask(group: _LegacyGroup) -> Group:
            async with limit:
                return await self._legacy(group.name, [f"{path}/{name}" for name in group.in_order()])

        return list(await asyncio.gather(*(ask(group) for group in said.groups)))

    async def _legacy(self, group: str, paths: Iterable[str]) -> Group:
        kinds: list[Kind] = []
        stale = False
        for path in paths:
            try:
                answer = await self._client.get_path(path)
                resources = msgspec.json.decode(answer.body, type=_LegacyResources).resources
            except ClusterError as error:
                stale = stale or error.status != 404
            except msgspec.DecodeError:
                stale = True
            else:
                kinds += _legacy_kinds(group, path.rpartition("/")[2], resources)
        return Group(group, tuple(kinds), stale)


def catalogue_of(groups: Iterable[Group]) -> Catalogue:
    """The catalogue of groups; the first version that can be listed and watched is a kind's preferred one."""
    preferred: dict[GroupKind, Kind] = {}
    served: dict[tuple[str, str], Kind] = {}
    stale = set()
    for group in groups:
        if group.stale:
            stale.add(group.name)
        for kind in group.kinds:
            served.setdefault((kind.api_version, kind.kind), kind)
            if kind.verbs >= _CACHEABLE:
                preferred.setdefault(kind.group_kind, kind)
    return Catalogue(preferred, served, frozenset(stale))


def merge(previous: Catalogue, new: Catalogue) -> Catalogue:
    """The new catalogue; stale groups keep what was last known of them."""
    kept = {key: kind for key, kind in previous.preferred.items() if kind.group in new.stale}
    served = {key: kind for key, kind in previous.served.items() if kind.group in new.stale}
    return replace(new, preferred={**kept, **new.preferred}, served={**served, **new.served})


class _ResponseKind(msgspec.Struct):
    kind: str = ""
    group: str = ""


class _Resource(msgspec.Struct, rename={"response_kind": "responseKind"}):
    resource: str
    scope: str = ""
    verbs: list[str] = []
    response_kind: _ResponseKind | None = None


class _Version(msgspec.Struct):
    version: str
    resources: list[_Resource] = []
    freshness: str = "Current"


class _Metadata(msgspec.Struct):
    name: str = ""


class _AggregatedGroup(msgspec.Struct):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    versions: list[_Version] = []


class _LegacyVersion(msgspec.Struct):
    version: str = ""


class _LegacyGroup(msgspec.Struct, rename={"preferred": "preferredVersion"}):
    name: str
    versions: list[_LegacyVersion] = []
    preferred: _LegacyVersion | None = None

    def in_order(self) -> list[str]:
        """Its versions' paths below /apis, the preferred one first."""
        first = self.preferred.version if self.preferred else ""
        versions = sorted((version.version for version in self.versions), key=lambda version: version != first)
        return [f"{self.name}/{version}" for version in versions]


class _LegacyResource(msgspec.Struct):
    name: str
    kind: str
    namespaced: bool = False
    verbs: list[str] = []
    group: str = ""


class _LegacyResources(msgspec.Struct):
    resources: list[_LegacyResource] | None = None


class _Answer(msgspec.Struct):
    kind: str = ""
    items: list[_AggregatedGroup] = []
    versions: list[str] = []
    groups: list[_LegacyGroup] = []


def _aggregated(group: _AggregatedGroup) -> Group:
    name = group.metadata.name
    kinds = tuple(kind for version in group.versions for kind in _aggregated_kinds(name, version))
    return Group(name, kinds, any(version.freshness == "Stale" for version in group.versions))


def _aggregated_kinds(group: str, version: _Version) -> Iterator[Kind]:
    for resource in version.resources:
        shown = resource.response_kind
        if shown is None or not shown.kind or shown.group not in {"", group}:
            continue
        namespaced = resource.scope == "Namespaced"
        yield Kind(group, version.version, shown.kind, resource.resource, namespaced, frozenset(resource.verbs))


def _legacy_kinds(group: str, version: str, resources: Iterable[_LegacyResource] | None) -> Iterator[Kind]:
    for resource in resources or ():
        if "/" not in resource.name and resource.group in {"", group}:  # a slash is a subresource
            yield Kind(group, version, resource.kind, resource.name, resource.namespaced, frozenset(resource.verbs))
