"""One sync, from request to result; its cursor is the only progress that is stored."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from gitops_operator.model.hold import Held
from gitops_operator.model.resource import ResourceKey

DELETION = "deletion"
"""The trigger of an operation that runs the hooks of a deletion."""
ROLLBACK = "rollback"
"""The trigger of an operation that brings an earlier version back."""


class Phase(StrEnum):
    """The parts of a sync, in their usual order."""

    PRE_SYNC = "PreSync"
    SYNC = "Sync"
    PRUNE = "Prune"
    POST_SYNC = "PostSync"
    SYNC_FAIL = "SyncFail"
    PRE_DELETE = "PreDelete"
    POST_DELETE = "PostDelete"


class OperationPhase(StrEnum):
    """How far an operation came."""

    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


class Cursor(NamedTuple):
    """The (phase, wave) an operation has reached; it moves on and never back. Prune waves count downwards."""

    phase: Phase
    wave: int


class HookStatus(StrEnum):
    """What came of a hook."""

    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


class HookRecord(NamedTuple):
    """One hook of an operation, as status stores it: written before the hook's object is deleted."""

    phase: Phase
    key: ResourceKey
    status: HookStatus
    message: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether the outcome is known."""
        return self.status is not HookStatus.RUNNING


SUPERSEDED = "Superseded: "
"""So begins the message of an operation that ended for a newer one."""


class Counts(NamedTuple):
    """What an operation did to how many objects."""

    created: int = 0
    updated: int = 0
    pruned: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """What a user asks for in the Application's `operation`; `digest` identifies the request, with the generation.

    `resources` are the only ones to sync, where there are some; one without a namespace may be in any. `rollback` is
    the number of an entry of the history to go back to, `resume` ends that.
    """

    digest: str
    revision: str = ""
    prune: bool = False
    options: frozenset[str] = frozenset()
    initiated_by: str = ""
    retry_limit: int | None = None
    terminate: bool = False
    resources: tuple[ResourceKey, ...] = ()
    rollback: int | None = None
    resume: bool = False

    @property
    def asks_to_sync(self) -> bool:
        """Whether it is to start a sync, rather than to end something."""
        return not (self.terminate or self.resume)


@dataclass(frozen=True, slots=True)
class Operation:
    """One sync as status stores it.

    `inputs` is the digest of what decides the result (revision, source, options, ignore rules); `attempts` counts this
    try too; `retry_at` (RFC 3339, "" never) is when a failed one may be tried again; `request` is the digest of the
    user's request and `request_generation` the generation in which it was seen; a `pinned` one syncs the commit that
    the user named and no newer one; `hooks` are those that were started, with their outcomes; a partial one
    syncs only `resources`, and `synced` is what the last whole one had synced; a
    `confirmed` one prunes what asks for a confirmation; `approved` is the digest of the plan that somebody approved;
    `held` is what the Application is kept at, once the operation has ended;
    times are RFC 3339 in UTC.
    """

    id: str
    trigger: str
    phase: OperationPhase
    revisions: tuple[str, ...]
    inputs: str
    cursor: Cursor
    started_at: str
    progressed_at: str = ""
    finished_at: str = ""
    attempts: int = 1
    retry_at: str = ""
    message: str = ""
    initiated_by: str = ""
    prune: bool = False
    pinned: bool = False
    options: frozenset[str] = frozenset()
    retry_limit: int | None = None
    request: str = ""
    request_generation: int = 0
    counts: Counts = Counts()
    hooks: tuple[HookRecord, ...] = ()
    resources: tuple[ResourceKey, ...] = ()
    synced: str = ""
    confirmed: bool = False
    approved: str = ""
    held: Held | None = None

    @property
    def synced_inputs(self) -> str:
        """The inputs of the last whole sync, if that succeeded."""
        if self.resources:
            return self.synced
        return self.inputs if self.phase is OperationPhase.SUCCEEDED else ""

    @property
    def is_undone(self) -> bool:
        """Whether it failed, and what it did is to be taken back."""
        return self.held is not None and self.held.refused in self.revisions

    @property
    def is_superseded(self) -> bool:
        """Whether it ended because something newer was to be synced."""
        return self.phase is OperationPhase.FAILED and self.message.startswith(SUPERSEDED)

    @property
    def is_running(self) -> bool:
        """Whether the operation has not ended."""
        return self.phase is OperationPhase.RUNNING
