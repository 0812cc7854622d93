"""One object as a cluster holds it, and what a pass sees of the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from gitops_operator.model.health import Health
from gitops_operator.model.hierarchy import OwnerRef
from gitops_operator.model.kind import KindStatus
from gitops_operator.model.resource import GroupKind, ResourceKey, StoredBody
from gitops_operator.model.tracking import Tracker


class ForeignOwner(NamedTuple):
    """Another GitOps tool that claims the object: `tool` is "Argo CD" or "Flux", `name` its application's."""

    tool: str
    name: str


@dataclass(frozen=True, slots=True)
class LiveObject:
    """What the cache holds of one object.

    `tracking` says whose it is, where its tracking id names this very object; `digest` is the desired digest that our
    last apply wrote; `ownership` is H of drift.md ("" without an Apply entry of ours); `baseline` is H of the answer to
    our last apply ("" when not known, after a restart); `annotations` holds only those that the engine reads (our
    prefix, Argo CD's, Helm's); `managers` are the co-owners whose fields adoption takes over; `body` is held for
    tracked objects only; `settled` is the body as it was before `ownership` left `baseline`, while they differ;
    `as_applied` is the digest of an object that is as our last apply left it, that nobody else claims and that is not
    going, "" of any other.
    """

    key: ResourceKey
    api_version: str
    uid: str
    resource_version: str
    generation: int = 0
    deletion_timestamp: str = ""
    finalizers: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    owners: tuple[OwnerRef, ...] = ()
    tracking: Tracker | None = None
    foreign_owner: ForeignOwner | None = None
    digest: str = ""
    ownership: str = ""
    baseline: str = ""
    managers: tuple[str, ...] = ()
    health: Health | None = None
    body: StoredBody | None = field(default=None, compare=False, hash=False)
    settled: StoredBody | None = field(default=None, compare=False, hash=False)
    as_applied: str = field(init=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        is_calm = self.ownership == self.baseline and not (
            self.deletion_timestamp or self.managers or self.foreign_owner is not None
        )
        object.__setattr__(self, "as_applied", self.digest if is_calm and self.baseline else "")

    @property
    def is_going(self) -> bool:
        """Whether the object is being deleted."""
        return bool(self.deletion_timestamp)

    @property
    def is_controlled(self) -> bool:
        """Whether a controller made it (a controller ownerReference): such objects are never pruned."""
        return any(owner.controller for owner in self.owners)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the cache knows for one Application at one moment.

    `objects` has every live object that the Application tracks and every live object of a desired key; `kinds` the
    state of each kind among them; `autoscaled` the workloads whose replicas belong to an autoscaler, with the
    autoscaler's key; `version` changes when anything in `objects` or `kinds` does.
    """

    version: int
    objects: Mapping[ResourceKey, LiveObject] = field(default_factory=dict)
    kinds: Mapping[GroupKind, KindStatus] = field(default_factory=dict)
    autoscaled: Mapping[ResourceKey, ResourceKey] = field(default_factory=dict)
