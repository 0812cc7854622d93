"""A whole list of a kind on its way into the store."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Protocol

from gitops_operator.live.moves import Moves
from gitops_operator.live.sighting import Sighting
from gitops_operator.model.kind import Kind
from gitops_operator.model.resource import ResourceKey


class Recorder(Protocol):
    """Where it goes: the store."""

    def seen(self, sightings: Iterable[Sighting]) -> Moves: ...

    def missing(self, kind: Kind, namespace: str, listed: AbstractSet[ResourceKey], newest: int) -> Moves: ...

    def deleted(self, kind: Kind, raw: bytes) -> Moves: ...


class Replacement:
    """A list on its way into the store: what is not in it, once it is done, is gone, even where nobody said so.

    Between two parts others may do what they like, but for events of the kind.
    """

    __slots__ = ("_kind", "_listed", "_namespace", "_newest", "_store")

    def __init__(self, store: Recorder, kind: Kind, namespace: str) -> None:
        self._store, self._kind, self._namespace = store, kind, namespace
        self._listed: set[ResourceKey] = set()
        self._newest = 0

    def add(self, objects: Iterable[bytes]) -> Moves:
        """Some objects of the list."""
        sightings = [Sighting(self._kind, raw) for raw in objects]
        for sighting in sightings:
            self._listed.add(sighting.key)
            self._newest = max(self._newest, sighting.version)
        return self._store.seen(sightings)

    def drop(self, raw: bytes) -> Moves:
        """An object was deleted while the list was sent."""
        self._listed.discard(Sighting(self._kind, raw).key)
        return self._store.deleted(self._kind, raw)

    def done(self) -> Moves:
        """The list is complete."""
        return self._store.missing(self._kind, self._namespace, self._listed, self._newest)
