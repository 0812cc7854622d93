"""One Application on a screen: what it is, how it does, what is wrong, what was done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from textwrap import wrap
from typing import Any

from gitops_operator.cli.console import Colour
from gitops_operator.cli.online.columns import prose_last
from gitops_operator.cli.online.words import (
    age,
    colour_of,
    commit_of,
    condition,
    health_of,
    plural,
    revision_of,
    short,
    span,
    sync_of,
)
from gitops_operator.cli.tables import Cell, Paint, printable, table
from gitops_operator.model.application import Application
from gitops_operator.model.operation import Counts, Operation
from gitops_operator.model.parsing import parse_application

_LABEL = 13
_WIDEST = 120
_SHOWN = 20
_ALWAYS = ("Ready", "Synced", "Healthy", "Reconciling", "Stalled")
_WELL = frozenset({"Healthy", "Suspended", ""})


def screen(body: Mapping[str, Any], now: datetime, width: int, paint: Paint) -> Iterator[str]:
    """The lines; a width of 0 is no terminal."""
    application = parse_application(body)
    room = min(width or _WIDEST, _WIDEST)
    for label, text in (*_heads(body, application, now), *_operation(application, now)):
        yield from _line(label, text, room, paint)
    for part in (_conditions(body, room, paint), _resources(body, width, paint), _history(body, now, width, paint)):
        lines = list(part)
        if lines:
            yield ""
            yield from lines


def _line(label: str, text: str | Cell, width: int, paint: Paint) -> Iterator[str]:
    """One entry under its label; long texts go on below themselves."""
    shown, colour = text if isinstance(text, Cell) else (text, "")
    lines = [line for paragraph in printable(shown).splitlines() for line in wrap(paragraph, max(width - _LABEL, 20))]
    for number, line in enumerate(lines or [""]):
        yield (f"{label:<{_LABEL}}" if number == 0 else " " * _LABEL) + paint(line, colour)


def _heads(body: Mapping[str, Any], application: Application, now: datetime) -> Iterator[tuple[str, str | Cell]]:
    status, source = application.status, application.source
    path = source.path or "the whole repository"
    yield "Application", str(application.key)
    yield "Source", f"{source.repo_url}, {path}, at {source.target_revision}"
    if application.namespace:
        yield "Destination", f"namespace {application.namespace}"
    yield "Policy", _policy(application)
    if application.suspend is not None:
        until = f" until {application.suspend.until.isoformat()}" if application.suspend.until else ""
        reason = f": {application.suspend.reason}" if application.suspend.reason else ""
        yield "Suspended", Cell(f"yes{until}{reason}", Colour.YELLOW)
    if application.is_going:
        yield "Deleting", Cell(f"for {age(application.deletion_timestamp, now)}", Colour.YELLOW)
    yield (
        "Sync",
        _with_since(
            sync_of(body), f" at {short(revision_of(body))}" if revision_of(body) else "", status.get("sync"), now
        ),
    )
    commit = commit_of(status.get("sync"), now)
    if commit:
        yield "Commit", commit
    yield "Health", _with_since(health_of(body), "", status.get("health"), now)
    counts = status.get("resourceCounts")
    if counts:
        wrong = [
            f"{counts[name]} {words}"
            for name, words in (("outOfSync", "out of sync"), ("unhealthy", "not healthy"))
            if counts.get(name)
        ]
        yield "Objects", f"{counts.get('total', 0)}{': ' if wrong else ''}{', '.join(wrong)}"


def _policy(application: Application) -> str:
    automated = application.sync_policy.automated
    if automated is None or not automated.enabled:
        return "syncs when asked"
    also = [word for word, does in (("prunes", automated.prune), ("heals drift", automated.self_heal)) if does]
    return ", ".join(["syncs by itself", *also])


def _with_since(word: str, more: str, stanza: Mapping[str, Any] | None, now: datetime) -> Cell:
    since = age((stanza or {}).get("since", ""), now)
    return Cell(f"{word}{more}{f' for {since}' if since else ''}", colour_of(word))


def _operation(application: Application, now: datetime) -> Iterator[tuple[str, str | Cell]]:
    if application.request is not None:
        yield "Asked for", Cell("a sync that has not begun yet", Colour.YELLOW)
    operation = application.operation
    if operation is None:
        return
    yield (
        "Last sync" if not operation.is_running else "Syncing",
        Cell(operation_line(operation, now), colour_of(operation.phase)),
    )
    if operation.message:
        yield "", operation.message
    if operation.retry_at:
        yield "", f"It is tried again in {span((datetime.fromisoformat(operation.retry_at) - now).total_seconds())}."


def operation_line(operation: Operation, now: datetime) -> str:
    """What an operation is and came to, in a line."""
    by = f" by {operation.initiated_by}" if operation.initiated_by else ""
    revision = f" to {short(operation.revisions[0])}" if operation.revisions else ""
    if operation.is_running:
        cursor = f"{operation.cursor.phase} wave {operation.cursor.wave}"
        return f"{operation.trigger}{by}{revision}, for {age(operation.started_at, now)}; {cursor}"
    ended = f"{operation.phase} {age(operation.finished_at, now)} ago"
    done = f"took {took(operation)}; {counts_in_words(operation.counts)}"
    return f"{ended}: {operation.trigger}{by}{revision}, {done}"


def took(operation: Operation) -> str:
    """How long an operation that has ended took."""
    began, ended = (datetime.fromisoformat(time) for time in (operation.started_at, operation.finished_at))
    return span((ended - began).total_seconds())


def counts_in_words(counts: Counts) -> str:
    """What was done to how many objects."""
    words = [f"{number} {name}" for name, number in counts._asdict().items() if number]
    return ", ".join(words) if words else "nothing to change"


def _conditions(body: Mapping[str, Any], width: int, paint: Paint) -> Iterator[str]:
    """Those that say something: what is not as it should be, and the warnings."""
    for one in (body.get("status") or {}).get("conditions") or ():
        kind, status = one["type"], one["status"]
        is_fine = status == ("False" if kind in {"Reconciling", "Stalled"} else "True") and kind in _ALWAYS
        if is_fine or _is_repeated(body, one):
            continue
        colour = Colour.RED if kind == "Stalled" else Colour.YELLOW
        yield from _line(
            kind, Cell(f"{status}, {one['reason']}" if kind in _ALWAYS else one["reason"], colour), width, paint
        )
        yield from _line("", str(one["message"]), width, paint) if one["message"] else ()


def _is_repeated(body: Mapping[str, Any], one: Mapping[str, Any]) -> bool:
    """Whether Ready, which sums up the others, has said it already."""
    ready = condition(body, "Ready")
    return one["type"] in _ALWAYS and one["type"] != "Ready" and one["message"] in {"", ready.get("message")}


def _resources(body: Mapping[str, Any], width: int, paint: Paint) -> Iterator[str]:
    """The objects that are not as they should be."""
    status = body.get("status") or {}
    wrong = [one for one in status.get("resources") or () if one.get("sync") != "Synced" or _health(one) not in _WELL]
    if not wrong:
        return
    rows = [
        [
            one["kind"],
            "/".join(filter(None, (one.get("namespace"), one["name"]))),
            Cell(one.get("sync", ""), colour_of(one.get("sync", ""))),
            Cell(_health(one), colour_of(_health(one))),
            _why(one),
        ]
        for one in wrong[:_SHOWN]
    ]
    yield from prose_last(("KIND", "OBJECT", "SYNC", "HEALTH", "WHY"), rows, width, paint)
    if len(wrong) > _SHOWN:
        yield f"… and {plural(len(wrong) - _SHOWN, 'more object')}"


def _health(one: Mapping[str, Any]) -> str:
    return str((one.get("health") or {}).get("status", ""))


def _why(one: Mapping[str, Any]) -> str:
    return str(one.get("message") or (one.get("health") or {}).get("message") or one.get("reason") or "")


def _history(body: Mapping[str, Any], now: datetime, width: int, paint: Paint) -> Iterator[str]:
    """The newest first."""
    entries: Sequence[Mapping[str, Any]] = (body.get("status") or {}).get("history") or ()
    if not entries:
        return
    rows = [
        [
            short((entry.get("revisions") or [""])[0]),
            f"{age(entry.get('deployedAt', ''), now)} ago",
            (entry.get("initiatedBy") or {}).get("username", "") or "automated",
        ]
        for entry in reversed(entries)
    ]
    yield from table(("SYNCED", "WHEN", "BY"), rows[:5], width, paint)
    if len(rows) > 5:
        yield f"… and {plural(len(rows) - 5, 'earlier sync')}"
