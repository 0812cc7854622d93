"""A sighting becomes what the store holds of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from sys import intern
from typing import Any, TypeVar

from gitops_operator.live.baseline import Present, carry
from gitops_operator.live.bodies import PackedBody
from gitops_operator.live.exclusions import Exclusions
from gitops_operator.live.family import CLAIM
from gitops_operator.live.foreign import foreign_owner
from gitops_operator.live.record import NO_ANNOTATIONS, NO_EXTRAS, Extras, Held
from gitops_operator.live.sighting import Annotations, Entry, Sighting, version_of
from gitops_operator.model.health import Health
from gitops_operator.model.hierarchy import INFERRED, OwnerRef, owners_of
from gitops_operator.model.live import LiveObject
from gitops_operator.model.managed_fields import WHOLE, Lens, adoptable_managers, ownership
from gitops_operator.model.packing import Packer
from gitops_operator.model.resource import (
    ARGO_PREFIX,
    DESIRED_DIGEST,
    PREFIX,
    STAMPED_ANNOTATIONS,
    TRACKING_ID,
    Body,
    GroupKind,
    ResourceKey,
    StoredBody,
)
from gitops_operator.model.tracking import Tracker, counts_on, parse_tracking_id

_Value = TypeVar("_Value")

Assess = Callable[[Body], Health | None]
Beside = Callable[[Sequence[Body]], Assess]
"""From the StorageClasses of a cluster to how its objects are assessed: a claim's health depends on them."""

STORAGE_CLASS = GroupKind("storage.k8s.io", "StorageClass")
_ASSESSED_TOGETHER = frozenset({STORAGE_CLASS, CLAIM})
"""Held whole: when a class changes, claims are looked at again, also those that a StatefulSet made."""


_READ_PREFIXES = (PREFIX, ARGO_PREFIX, "helm.sh/")
_MEMO_SIZE = 4096


@dataclass(frozen=True, slots=True)
class Setup:
    """What every object of a store is looked at with: `kept` kinds and objects are held whole whoever owns them.

    `assess` is the whole truth where `beside` is None.
    """

    installation: str
    assess: Assess
    manager: str
    kept: frozenset[GroupKind | ResourceKey]
    beside: Beside | None = None


class Observer:
    """Looks at sightings; remembers nothing of them but strings and tuples that repeat."""

    def __init__(self, setup: Setup, exclusions: Exclusions) -> None:
        self._setup = setup
        self._exclusions = exclusions
        self._assess = setup.assess
        self._packer = Packer(PackedBody)
        self._trackers: dict[Tracker, Tracker] = {}
        self._lenses: dict[Lens, Lens] = {}
        self._managers: dict[tuple[tuple[str, str, str, str], ...], tuple[str, ...]] = {}
        self._healths: dict[Health, Health] = {}

    def observe(self, sighting: Sighting, previous: Held | None) -> Held | Extras | None:
        """What to hold of an object; `previous` is what was held of the same UID."""
        found = self._tracking_of(sighting)
        tracking = found if found is not None and found.installation == self._setup.installation else None
        extras = self._extras(sighting, found)
        if tracking is not None or self._is_kept(sighting):
            return self._held(sighting, extras, tracking, previous)
        if extras.owners:
            extras = extras._replace(health=self._health(sighting))
        return None if extras == NO_EXTRAS else extras

    def ownership_of(self, sighting: Sighting, held: Held) -> str:
        """H of an object that is no longer what the store holds, as H of `held` was computed."""
        return ownership(
            sighting.body, self._lens(held.live.tracking, sighting.key, sighting.body), self._setup.manager
        )

    def reconsider(self, held: Held) -> Held:
        """The same object through the lens of now."""
        live = held.live
        if live.tracking is None or live.body is None:
            return held
        body = live.body.load()
        lens = self._lens(live.tracking, live.key, body)
        if lens == held.lens:
            return held
        owned = ownership(body, lens, self._setup.manager)
        present = Present(owned, lens, live.api_version, version_of(live.resource_version))
        baseline = carry(held, present, self._setup.manager)
        seen = replace(live, ownership=owned, baseline=baseline.value, settled=baseline.settled)
        return held.but(live=seen, lens=lens)

    def learn(self, storage_classes: Sequence[Body]) -> None:
        """Assess beside these StorageClasses from here on."""
        if self._setup.beside is not None:
            self._assess = self._setup.beside(storage_classes)

    def reassess(self, held: Held) -> Held:
        """The same object, its health by what is beside it now."""
        if held.live.body is None:
            return held
        return held.but(live=replace(held.live, health=self._shared(self._assess(held.live.body.load()))))

    def pack(self, sighting: Sighting) -> StoredBody:
        """The whole object, to be held."""
        return self._packer.pack(sighting.raw, (sighting.api_version, sighting.kind.kind))

    def _tracking_of(self, sighting: Sighting) -> Tracker | None:
        text = sighting.annotations.get(TRACKING_ID)
        found = parse_tracking_id(text) if text else None
        if found is None or not counts_on(found, sighting.key):
            return None
        return _one_of(self._trackers, found.tracker)

    def _is_kept(self, sighting: Sighting) -> bool:
        """Whether an object is held whole though nobody tracks it: it is of a kept kind, or speaks to the engine."""
        group_kind = sighting.key[:2]
        kept = self._setup.kept
        if group_kind in kept or sighting.key in kept or group_kind in _ASSESSED_TOGETHER:
            return True
        labels = sighting.metadata.labels
        return labels is not None and any(label.startswith(PREFIX) for label in labels)

    def _extras(self, sighting: Sighting, found: Tracker | None) -> Extras:
        metadata = sighting.metadata
        return Extras(
            deletion_timestamp=metadata.deletion_timestamp or "",
            finalizers=tuple(map(intern, metadata.finalizers)) if metadata.finalizers else (),
            annotations=_read_annotations(sighting.annotations),
            owners=_owners(sighting),
            foreign_owner=foreign_owner(sighting, found, self._setup.installation),
            managers=self._managers_of(metadata.managed_fields or []),
        )

    def _held(self, sighting: Sighting, extras: Extras, tracking: Tracker | None, previous: Held | None) -> Held:
        fingerprint = sighting.fingerprint(self._setup.manager)
        if previous is not None and _is_only_status(sighting, fingerprint, previous):
            lens, owned = previous.lens, previous.live.ownership
        elif tracking is not None:
            lens = self._lens(tracking, sighting.key, sighting.body)
            owned = ownership(sighting.body, lens, self._setup.manager)
        else:
            lens, owned = WHOLE, ""
        present = Present(owned, lens, intern(sighting.api_version), sighting.version)
        baseline = carry(previous, present, self._setup.manager)
        live = LiveObject(
            key=sighting.key if previous is None else previous.live.key,  # equal; one copy in memory is enough
            api_version=present.api_version,
            uid=sighting.uid if previous is None else previous.live.uid,
            resource_version=sighting.metadata.resource_version,
            generation=sighting.metadata.generation,
            **extras._replace(health=self._health(sighting))._asdict(),
            tracking=tracking,
            digest=sighting.annotations.get(DESIRED_DIGEST, "") if tracking else "",
            ownership=owned,
            baseline=baseline.value,
            body=self.pack(sighting),
            settled=baseline.settled,
        )
        return Held(live, fingerprint, lens, previous.applied_at if previous else 0)

    def _lens(self, tracking: Tracker | None, key: ResourceKey, body: Body) -> Lens:
        return _one_of(self._lenses, self._exclusions.lens(tracking.application, key, body)) if tracking else WHOLE

    def _health(self, sighting: Sighting) -> Health | None:
        return self._shared(self._assess(sighting.body))

    def _shared(self, health: Health | None) -> Health | None:
        return _one_of(self._healths, health) if health is not None else None

    def _managers_of(self, entries: list[Entry]) -> tuple[str, ...]:
        names = tuple((entry.manager, entry.operation, entry.api_version, entry.subresource) for entry in entries)
        found = self._managers.get(names)
        if found is None:
            fields = ("manager", "operation", "apiVersion", "subresource")
            as_written: list[dict[str, Any]] = [dict(zip(fields, name, strict=True)) for name in names]
            found = adoptable_managers(as_written, self._setup.manager)
            if len(self._managers) < _MEMO_SIZE:
                self._managers[names] = found
        return found


def _one_of(known: dict[_Value, _Value], value: _Value) -> _Value:
    """Many objects have equal values: one in memory is enough."""
    return known.setdefault(value, value) if len(known) < _MEMO_SIZE else known.get(value, value)


def _is_only_status(sighting: Sighting, fingerprint: int, previous: Held) -> bool:
    return fingerprint == previous.fingerprint and sighting.api_version == previous.live.api_version


def _read_annotations(annotations: Annotations) -> Annotations:
    """Those that the engine reads, less what stands in fields of its own."""
    if not annotations:
        return NO_ANNOTATIONS
    read = {
        name: value
        for name, value in annotations.items()
        if name.startswith(_READ_PREFIXES) and name not in STAMPED_ANNOTATIONS
    }
    return read or NO_ANNOTATIONS


def _owners(sighting: Sighting) -> tuple[OwnerRef, ...]:
    if not sighting.metadata.owner_references and sighting.key[:2] not in INFERRED:
        return ()  # nearly always
    owners = owners_of(sighting.outline())
    return tuple(
        OwnerRef(intern(owner.group), intern(owner.kind), owner.name, owner.uid, owner.controller) for owner in owners
    )
