"""Sync windows, as Argo CD means them: deny beats allow, and where windows allow, all other time is closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gitops_operator.model.window import SyncWindow, WindowKind

_LOOKS = 100


def is_open(windows: Sequence[SyncWindow], now: datetime, *, manual: bool) -> bool:
    """Whether a sync may start; `manual`: a user asks for it."""
    closing = closed_by(windows, now)
    return not closing or (manual and all(window.manual for window in closing))


def closed_by(windows: Sequence[SyncWindow], now: datetime) -> list[SyncWindow]:
    """The windows that close this moment: deny windows that are active, else allow windows none of which is."""
    active = [window for window in windows if window.end(now) is not None]
    denying = [window for window in active if window.kind is WindowKind.DENY]
    if denying or any(window.kind is WindowKind.ALLOW for window in active):
        return denying
    return [window for window in windows if window.kind is WindowKind.ALLOW]


def opens_at(windows: Sequence[SyncWindow], now: datetime, *, manual: bool) -> datetime | None:
    """When a closed time ends; None: not within sight."""
    moment: datetime | None = now
    for _ in range(_LOOKS):
        moment = _next_move(windows, moment) if moment is not None else None
        if moment is not None and is_open(windows, moment, manual=manual):
            return moment
    return None


def _next_move(windows: Sequence[SyncWindow], moment: datetime) -> datetime | None:
    """When the next window begins or ends."""
    moves = (window.end(moment) or window.schedule.next(moment) for window in windows)
    return min((move for move in moves if move is not None), default=None)


def in_words(windows: Sequence[SyncWindow], now: datetime, opens: datetime | None) -> str:
    """What closes this moment, and until when."""
    closing = closed_by(windows, now)
    listed = "; ".join(str(window) for window in closing)
    denied = any(window.kind is WindowKind.DENY for window in closing)
    words = f"A window denies syncs now: {listed}." if denied else f"No window allows syncs now: {listed}."
    return f"{words} The next sync may start at {opens.isoformat()}." if opens else words
