"""Where the reflectors of all kinds meet one sink: joins namespaces, remembers states, notices definitions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from gitops_operator.cluster.definitions import Definitions
from gitops_operator.model.kind import Catalogue, Kind, KindState, KindStatus
from gitops_operator.model.resource import GroupKind

_FROM_BEST = (KindState.READY, KindState.CATCHING_UP, KindState.BROKEN)


class Replacement(Protocol):
    """A full list on its way: what is not in it, once it is done, is gone."""

    def add(self, objects: Sequence[bytes]) -> None:
        """Some objects of it, not so many that anybody has to wait for long."""

    def drop(self, raw: bytes) -> None:
        """Was deleted while the list was sent."""

    def done(self) -> None:
        """The list is complete."""


class Sink(Protocol):
    """Where a cluster's objects go, as JSON that names its apiVersion and kind."""

    def replacing(self, kind: Kind, namespace: str = "") -> Replacement:
        """A full list begins, with a namespace of that namespace only; one that is not done was given up."""
        ...

    def changed(self, kind: Kind, raw: bytes) -> None:
        """New, or not as before."""

    def deleted(self, kind: Kind, raw: bytes) -> None:
        """Gone; `raw` is how it was last."""

    def state(self, group_kind: GroupKind, status: KindStatus) -> None:
        """How well a kind is known from now on."""

    def gone(self, group_kind: GroupKind) -> None:
        """The kind is no longer served, and with it all of its objects."""

    def catalogue(self, catalogue: Catalogue) -> None:
        """What is served from now on; told before anything about its kinds."""


class Junction:
    """The sink's side of one cluster; `look` is set when discovery should be asked."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.definitions = Definitions()
        self.look = asyncio.Event()
        self._statuses: dict[GroupKind, KindStatus] = {}
        self._parts: dict[GroupKind, dict[str, KindStatus]] = {}

    @property
    def statuses(self) -> Mapping[GroupKind, KindStatus]:
        """What was last said of each kind."""
        return self._statuses

    def status(self, group_kind: GroupKind, namespace: str, status: KindStatus) -> None:
        """Of several namespaces the worst counts."""
        parts = self._parts.setdefault(group_kind, {})
        parts[namespace] = status
        self.say(group_kind, max(parts.values(), key=lambda part: _FROM_BEST.index(part.state)))

    def say(self, group_kind: GroupKind, status: KindStatus) -> None:
        """Tell the sink, if it is news."""
        if self._statuses.get(group_kind) != status:
            self._statuses[group_kind] = status
            self.sink.state(group_kind, status)

    def restart(self, group_kind: GroupKind, namespaces: Sequence[str]) -> None:
        """Reflectors of these namespaces begin anew."""
        self._parts[group_kind] = dict.fromkeys(namespaces, KindStatus(KindState.CATCHING_UP))

    def gone(self, group_kind: GroupKind) -> None:
        self._statuses.pop(group_kind, None)
        self._parts.pop(group_kind, None)
        self.sink.gone(group_kind)


class KindFeed:
    """One reflector's way to the sink."""

    def __init__(self, kind: Kind, namespace: str, junction: Junction) -> None:
        self._kind = kind
        self._namespace = namespace
        self._junction = junction
        self._sink = junction.sink

    def replacing(self) -> Replacement:
        replacement = self._sink.replacing(self._kind, self._namespace)
        if not self._junction.definitions.heeds(self._kind.group_kind):
            return replacement
        return _Definitions(self._kind.group_kind, replacement, self._junction)

    def changed(self, raw: bytes) -> None:
        self._sink.changed(self._kind, raw)
        if self._junction.definitions.changed(self._kind.group_kind, raw):
            self._junction.look.set()

    def deleted(self, raw: bytes) -> None:
        self._sink.deleted(self._kind, raw)
        if self._junction.definitions.deleted(self._kind.group_kind, raw):
            self._junction.look.set()

    def state(self, status: KindStatus) -> None:
        self._junction.status(self._kind.group_kind, self._namespace, status)

    def absent(self) -> None:
        self._junction.look.set()


class _Definitions:
    """A list of CRDs or APIServices: they say whether discovery has news."""

    def __init__(self, group_kind: GroupKind, replacement: Replacement, junction: Junction) -> None:
        self._group_kind, self._replacement, self._junction = group_kind, replacement, junction
        self._objects: list[bytes] = []

    def add(self, objects: Sequence[bytes]) -> None:
        self._objects += objects
        self._replacement.add(objects)

    def drop(self, raw: bytes) -> None:
        self._objects.append(raw)  # also news
        self._replacement.drop(raw)

    def done(self) -> None:
        if self._junction.definitions.replaced(self._group_kind, self._objects):
            self._junction.look.set()
        self._replacement.done()
