"""One object in memory: as little as there is to say of it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from gitops_operator.model.health import Health
from gitops_operator.model.hierarchy import OwnerRef
from gitops_operator.model.kind import Kind
from gitops_operator.model.live import ForeignOwner, LiveObject
from gitops_operator.model.managed_fields import Lens
from gitops_operator.model.resource import ResourceKey

NO_ANNOTATIONS: Mapping[str, str] = MappingProxyType({})


class Extras(NamedTuple):
    """What there is to say of an object that no Application tracks; most have none of it."""

    deletion_timestamp: str = ""
    finalizers: tuple[str, ...] = ()
    annotations: Mapping[str, str] = NO_ANNOTATIONS
    owners: tuple[OwnerRef, ...] = ()
    foreign_owner: ForeignOwner | None = None
    managers: tuple[str, ...] = ()
    health: Health | None = None


NO_EXTRAS = Extras()


class Held(msgspec.Struct, frozen=True, gc=False):
    """An object of which the store holds everything; a struct, because there are many and it is half as large.

    `fingerprint` tells whether more than status moved, `lens` is what `live.ownership` was computed through, and
    `applied_at` the resourceVersion of the answer that `live.baseline` is of.
    """

    live: LiveObject
    fingerprint: int
    lens: Lens
    applied_at: int = 0

    def but(self, **changes: Any) -> Held:
        """The same with other values."""
        return replace(self, **changes)


class Record:
    """The object of one UID; its contents change with its events. `detail` None: nothing to say but that it exists."""

    __slots__ = ("detail", "generation", "kind", "name", "namespace", "uid", "version")

    def __init__(self, kind: Kind, key: ResourceKey, uid: str) -> None:
        self.kind = kind
        self.namespace = key.namespace
        self.name = key.name
        self.uid = uid
        self.version = 0
        self.generation = 0
        self.detail: Held | Extras | None = None

    def __repr__(self) -> str:
        return f"Record({self.key})"

    @property
    def key(self) -> ResourceKey:
        return ResourceKey(self.kind.group, self.kind.kind, self.namespace, self.name)

    @property
    def api_version(self) -> str:
        """The version that the object was seen in."""
        return self.detail.live.api_version if isinstance(self.detail, Held) else self.kind.api_version

    @property
    def held(self) -> Held | None:
        return self.detail if isinstance(self.detail, Held) else None

    @property
    def extras(self) -> Extras:
        return self.detail if isinstance(self.detail, Extras) else NO_EXTRAS

    @property
    def owners(self) -> tuple[OwnerRef, ...]:
        detail = self.detail
        if detail is None:
            return ()
        return detail.live.owners if isinstance(detail, Held) else detail.owners

    @property
    def health(self) -> Health | None:
        detail = self.detail
        if detail is None:
            return None
        return detail.live.health if isinstance(detail, Held) else detail.health

    def view(self) -> LiveObject:
        """The object as a pass sees it."""
        if isinstance(self.detail, Held):
            return self.detail.live
        return LiveObject(
            key=self.key,
            api_version=self.kind.api_version,
            uid=self.uid,
            resource_version=str(self.version) if self.version else "",
            generation=self.generation,
            **self.extras._asdict(),
        )
