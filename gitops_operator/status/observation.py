"""What one pass has seen and done, as status needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gitops_operator.errors import GitOpsError
from gitops_operator.model.application import Application
from gitops_operator.model.change import Change, remarkable
from gitops_operator.model.gate import Gate
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.operation import Operation
from gitops_operator.model.proposal import Proposal
from gitops_operator.model.resource import ResourceKey
from gitops_operator.model.revision import CommitNote, Revision


class SyncStatus(StrEnum):
    """Whether live equals Git; never mixed with health."""

    SYNCED = "Synced"
    OUT_OF_SYNC = "OutOfSync"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Observation:
    """One pass.

    `error` is what kept the pass from comparing; `pending` says what it waits for before it can (a fetch, the cache);
    `deleting` what a deletion waits for; `warnings` has a sentence for each warning condition's type; `delete_hooks`
    counts the hooks that run when the Application is deleted, `fights` the objects that somebody keeps changing back;
    `is_held` says that live was compared with an earlier version that the Application is kept at;
    `proposal` is the sync that waits for an approval; `committed_at` is the commit's time in seconds since 1970,
    `note` what people read of the one that `revision` names;
    `remarkable` are the changes of which there is anything to say.
    """

    application: Application
    now: datetime
    revision: Revision | None = None
    changes: tuple[Change, ...] = ()
    healths: Mapping[ResourceKey, Health | None] = field(default_factory=dict)
    health: Health = Health(HealthStatus.UNKNOWN)
    gate: Gate = Gate()
    operation: Operation | None = None
    error: GitOpsError | None = None
    pending: str = ""
    deleting: str = ""
    is_held: bool = False
    waits_for: str = ""
    warnings: Mapping[str, str] = field(default_factory=dict)
    images: tuple[str, ...] = ()
    delete_hooks: int = 0
    proposal: Proposal | None = None
    fights: int = 0
    committed_at: float = 0.0
    note: CommitNote | None = None
    remarkable: tuple[Change, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "remarkable", remarkable(self.changes))

    @property
    def sync(self) -> SyncStatus:
        """The Application's sync status: one object that differs is enough, one that cannot be told comes next."""
        if self.error is not None or self.pending or self.revision is None:
            return SyncStatus.UNKNOWN
        if any(not change.is_in_sync and not change.is_unknown for change in self.remarkable):
            return SyncStatus.OUT_OF_SYNC
        if self.is_held:
            return SyncStatus.OUT_OF_SYNC
        return SyncStatus.UNKNOWN if any(change.is_unknown for change in self.remarkable) else SyncStatus.SYNCED
