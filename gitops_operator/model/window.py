"""A sync window: a time in which syncs may start, or may not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gitops_operator.model.duration import seconds_of
from gitops_operator.model.schedule import Schedule


class WindowKind(StrEnum):
    """What a window does while it is active."""

    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class SyncWindow:
    """It is active from each start of its schedule for as long as it lasts, whatever the clocks do meanwhile.

    `manual` lets a sync pass that a user asks for; `duration` is what `lasts` was read from.
    """

    kind: WindowKind
    schedule: Schedule
    lasts: timedelta
    duration: str = ""
    manual: bool = False

    def end(self, moment: datetime) -> datetime | None:
        """When the window that is active at this moment ends; None: it is not active."""
        start = self.schedule.latest(moment)
        return start + self.lasts if start is not None and start + self.lasts > moment else None

    def __str__(self) -> str:
        return f"{self.schedule} for {self.duration}"


def parse_duration(text: str) -> timedelta:
    """How long a window lasts.

    Raises:
        ValueError: the text is no duration, or no time at all.
    """
    lasts = timedelta(seconds=seconds_of(text))
    if not lasts:
        message = f"{text!r} is no time at all; write it like 30m or 8h"
        raise ValueError(message)
    return lasts
