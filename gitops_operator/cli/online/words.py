"""Times, commits and statuses as a terminal shows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gitops_operator.cli.console import Colour
from gitops_operator.cli.tables import Cell

_SHORT = 7
_SHA = 40
_GOOD = frozenset({"Synced", "Healthy", "Succeeded", "True"})
_BAD = frozenset({"Degraded", "Missing", "Failed", "Error"})
_UNCLEAR = frozenset({"OutOfSync", "Progressing", "Suspended", "Unknown", "Running"})
_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400


def age(then: str, now: datetime) -> str:
    """How long ago a time was, as kubectl writes it; "" where there is none."""
    return span((now - datetime.fromisoformat(then)).total_seconds()) if then else ""


def span(seconds: float) -> str:
    """How long something takes or took, as kubectl writes it."""
    whole = max(int(seconds), 0)
    for limit, unit, letter, minor, minor_letter in (
        (2 * _MINUTE, 1, "s", 0, ""),
        (10 * _MINUTE, _MINUTE, "m", 1, "s"),
        (3 * _HOUR, _MINUTE, "m", 0, ""),
        (8 * _HOUR, _HOUR, "h", _MINUTE, "m"),
        (2 * _DAY, _HOUR, "h", 0, ""),
        (8 * _DAY, _DAY, "d", _HOUR, "h"),
        (2 * _YEAR, _DAY, "d", 0, ""),
        (8 * _YEAR, _YEAR, "y", _DAY, "d"),
    ):
        if whole < limit:
            rest = whole % unit // minor if minor else 0
            return f"{whole // unit}{letter}" + (f"{rest}{minor_letter}" if rest else "")
    return f"{whole // _YEAR}y"


def now() -> datetime:
    return datetime.now(UTC)


def short(revision: str) -> str:
    """A commit as people write it; anything else as it is."""
    return revision[:_SHORT] if len(revision) == _SHA else revision


def coloured(status: str) -> Cell:
    """A status in the colour of what it means."""
    return Cell(status or "Unknown", colour_of(status))


def colour_of(status: str) -> str:
    if status in _GOOD:
        return Colour.GREEN
    if status in _BAD:
        return Colour.RED
    return Colour.YELLOW if status in _UNCLEAR else ""


def condition(body: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """A condition of an Application; an empty one where it says nothing of the kind."""
    found = (body.get("status") or {}).get("conditions") or ()
    return next((one for one in found if one["type"] == kind), {})


def sync_of(body: Mapping[str, Any]) -> str:
    return str(((body.get("status") or {}).get("sync") or {}).get("status") or "Unknown")


def health_of(body: Mapping[str, Any]) -> str:
    return str(((body.get("status") or {}).get("health") or {}).get("status") or "Unknown")


def revision_of(body: Mapping[str, Any]) -> str:
    """The commit that the status is about; "" before there is one."""
    revisions = ((body.get("status") or {}).get("sync") or {}).get("revisions") or [""]
    return str(revisions[0])


def plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def commit_of(stanza: Mapping[str, Any] | None, now: datetime) -> str:
    """Subject, author and age of the commit of a `sync` or an entry of `history`; "" where they are not known."""
    commit = ((stanza or {}).get("commits") or [{}])[0]
    tag = f", tag {commit['tag']}" if commit.get("tag") else ""
    if not commit:
        return ""
    return f"{commit.get('subject', '')} ({commit.get('author', '')}, {age(commit.get('date', ''), now)} ago{tag})"
