"""One resource, compared: what should happen to it and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from gitops_operator.model.fields_v1 import Location
from gitops_operator.model.live import LiveObject
from gitops_operator.model.resource import Body, Origin, Resource, ResourceKey, StoredBody
from gitops_operator.model.sending import CARELESS, Care


class Action(StrEnum):
    """What it takes to bring live to desired."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    PRUNE = "prune"
    NONE = "none"


class Why(StrEnum):
    """Why a change has its action; the reason words of status.resources."""

    IN_SYNC = "InSync"
    MISSING = "Missing"
    DESIRED_CHANGED = "DesiredChanged"
    DRIFTED = "Drifted"
    ADOPTED = "Adopted"
    HANDED_OVER = "HandedOver"
    NOT_DESIRED = "NotDesired"
    EXTRANEOUS = "Extraneous"
    GOING = "Terminating"
    UNVERIFIED = "NotVerified"
    KEPT = "Kept"
    UNCONFIRMED = "AwaitsConfirmation"
    CONFIRMED = "Confirmed"
    CONFLICT = "OwnershipConflict"
    KIND_UNKNOWN = "KindUnknown"
    KIND_NOT_READY = "KindNotReady"
    AT_ADMISSION = "ChangedAtAdmission"


# Tuples: a set would ask for hashes, which enumerations compute in Python.
_IN_SYNC = (Why.IN_SYNC, Why.KEPT, Why.EXTRANEOUS, Why.AT_ADMISSION)
_UNKNOWN = (Why.KIND_NOT_READY, Why.KIND_UNKNOWN, Why.UNVERIFIED)
_DRIFT = (Why.DRIFTED, Why.MISSING)


class Difference(NamedTuple):
    """One field: `path` as people write it (`.spec.replicas`); values are masked where they may be secret.

    `manager` owns the live value now, `since` (RFC 3339) it wrote it; `origin` is the line of Git where the object
    begins, `location` where the field stands in the desired object (empty where it does not).
    """

    path: str
    desired: Any
    live: Any
    manager: str = ""
    since: str = ""
    origin: Origin | None = None
    location: Location = ()


class Change(NamedTuple):
    """One resource, compared. Passes make a great many of them: a tuple is made in a third of the time of a dataclass.

    `message` explains `why` where it needs words (who conflicts, which kind is broken). `sending` becomes what an apply
    sends: the desired object with our annotations and with the live values of ignored fields that we still own.
    `unverified` marks an in-sync verdict that rests on the coverage walk alone and waits for a dry run. `migrates` says
    that an apply must first take over the fields of another tool (drift.md, Adoption); `care` names the fields that it
    must mind and goes into the task as it is.
    """

    key: ResourceKey
    action: Action
    why: Why
    message: str = ""
    desired: Resource | None = None
    live: LiveObject | None = None
    sending: Body | StoredBody | None = None
    unverified: bool = False
    migrates: bool = False
    care: Care = CARELESS

    @property
    def body(self) -> Body | None:
        """What an apply sends, made when it is asked for: of most objects that are compared nothing is sent."""
        return self.sending if self.sending is None or isinstance(self.sending, Mapping) else self.sending.load()

    @property
    def is_in_sync(self) -> bool:
        """Whether live equals desired as far as we can tell."""
        return self.why in _IN_SYNC

    @property
    def is_unknown(self) -> bool:
        """Whether the cluster cannot say."""
        return self.why in _UNKNOWN

    @property
    def is_drift(self) -> bool:
        """Whether live moved away from what we applied, rather than Git from live."""
        return self.why in _DRIFT and self.desired is not None


class Changes(tuple[Change, ...]):  # noqa: SLOT001 – what is found once is kept in its __dict__
    """Those of one pass. What is remarkable is found once, however many ask: there may be thousands."""

    @cached_property
    def remarkable(self) -> tuple[Change, ...]:
        """Those of which there is anything to do or to say."""
        return _remarkable(self)


def remarkable(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Those of which there is anything to do or to say: nearly always none, and what decides looks at no others."""
    return changes.remarkable if isinstance(changes, Changes) else _remarkable(changes)


def _remarkable(changes: Iterable[Change]) -> tuple[Change, ...]:
    none, in_sync = Action.NONE, Why.IN_SYNC
    return tuple(
        [change for change in changes if change.why is not in_sync or change.action is not none or change.unverified]
    )
