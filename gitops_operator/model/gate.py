"""May we sync now, and if not, why not and when to look again."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class GateReason(StrEnum):
    """Why a gate is closed; in the order in which they are asked (semantics: the first closed one gives the reason)."""

    OPEN = "Open"
    SUSPENDED = "Suspended"
    INVALID_SPEC = "InvalidSpec"
    ACCOUNT_MISSING = "AccountMissing"
    DEPENDENCY_NOT_READY = "DependencyNotReady"
    KIND_NOT_READY = "KindNotReady"
    KIND_UNKNOWN = "KindUnknown"
    OWNERSHIP_CONFLICT = "OwnershipConflict"
    AWAITS_CONFIRMATION = "AwaitsConfirmation"
    NOT_VERIFIED = "NotVerified"
    HELD = "Held"
    ROLLED_BACK = "RolledBack"
    NOTHING_TO_DO = "NothingToDo"
    RETRY_LATER = "RetryLater"
    NOT_AUTOMATED = "NotAutomated"
    SELF_HEAL_OFF = "SelfHealOff"
    PRUNE_OFF = "PruneOff"
    WOULD_PRUNE_EVERYTHING = "WouldPruneEverything"
    PRUNE_LIMIT_EXCEEDED = "PruneLimitExceeded"
    OUTSIDE_SYNC_WINDOW = "OutsideSyncWindow"
    APPROVAL_PENDING = "ApprovalPending"
    FIGHT = "Fight"
    WAITING = "Waiting"


class Gate(NamedTuple):
    """Open, or closed for a reason; `until` is when time alone may open it."""

    reason: GateReason = GateReason.OPEN
    message: str = ""
    until: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether we may sync."""
        return self.reason is GateReason.OPEN
