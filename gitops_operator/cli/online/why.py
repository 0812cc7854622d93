"""`kubectl gitops why`: of each field that differs who wrote it, and what becomes of it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from gitops_operator.cli.changed import changed_object, field_lines
from gitops_operator.cli.console import Colour, Console
from gitops_operator.cli.exits import CommandError, Exit
from gitops_operator.cli.online.applications import get_application, key_named
from gitops_operator.cli.online.comparison import Compared, Comparison, settings_of
from gitops_operator.cli.online.data import field_data, object_data
from gitops_operator.cli.online.progress import Progress
from gitops_operator.cli.online.reach import Reach, online
from gitops_operator.cli.online.verdicts import verdict
from gitops_operator.cli.online.words import now, plural
from gitops_operator.cli.tables import Paint, printable
from gitops_operator.model.change import Change, Why
from gitops_operator.model.parsing import parse_application

_HINTED = 5


def run(arguments: argparse.Namespace, console: Console) -> Exit:
    async def work(reach: Reach) -> Exit:
        body = await get_application(reach, await key_named(arguments, reach))
        progress = Progress(console)
        try:
            settings = settings_of(arguments, console.environ)
            compared = await Comparison(reach, parse_application(body), settings, progress).run()
        finally:
            progress.clear()
        return say(arguments, console, compared, body)

    return online(work, arguments, console)


def say(arguments: argparse.Namespace, console: Console, compared: Compared, body: Mapping[str, Any]) -> Exit:
    """The answer in the form that is asked for, and what it comes to."""
    changes = _asked(compared, arguments.object or "")
    if arguments.output == "table":
        for line in _lines(compared, changes, body, now(), console.paint):
            console.line(line)
    else:
        console.document(_data(compared, changes, body, now()), arguments.output)
    for remark in compared.remarks:
        console.note(f"warning: {remark}")
    if any(change.why is Why.KIND_NOT_READY for change in changes):
        return Exit.TROUBLE
    return Exit.FINE if all(change.is_in_sync for change in changes) else Exit.SEEN


def _asked(compared: Compared, text: str) -> Sequence[Change]:
    """The object that is named, or all of which there is something to say.

    Raises:
        CommandError: the Application has no such object.
    """
    if not text:
        return [change for change in compared.changes if not change.is_in_sync or compared.excused.get(change.key)]
    kind, slash, name = text.rpartition("/")
    if not slash or not kind or not name:
        raise CommandError(f"{text!r} names no object; give KIND/NAME, such as Deployment/web")
    found = [change for change in compared.changes if _is_named(change, kind, name)]
    if not found:
        some = ", ".join(f"{one.key.kind}/{one.key.name}" for one in compared.changes[:_HINTED])
        more = " …" if len(compared.changes) > _HINTED else ""
        raise CommandError(f"Application {compared.application.key} has no {text}; it has {some or 'nothing'}{more}")
    return found


def _is_named(change: Change, kind: str, name: str) -> bool:
    """As kubectl takes kinds: in any case, and with the group where that is needed."""
    its = change.key.kind.lower()
    words = {its, f"{its}s", f"{its}.{change.key.group}".rstrip("."), f"{change.key.group}/{its}"}
    return kind.lower() in words and change.key.name == name


def _lines(
    compared: Compared, changes: Sequence[Change], body: Mapping[str, Any], moment: datetime, paint: Paint
) -> Iterator[str]:
    revision = compared.desired.revision
    for change in changes:
        yield from _object(compared, change, body, moment, paint)
        yield ""
    differing = sum(not change.is_in_sync for change in compared.changes)
    of = f"of {plural(len(compared.changes), 'object')}"
    name = f"{revision.ref} ({revision.short})" if revision.ref and revision.ref != revision.sha else revision.short
    yield f"{differing} {of} {'differs' if differing == 1 else 'differ'} from {name}."


def _object(
    compared: Compared, change: Change, body: Mapping[str, Any], moment: datetime, paint: Paint
) -> Iterator[str]:
    commit = compared.desired.revision.short
    if change.is_in_sync:
        yield f"{paint(f'= {change.key}', Colour.GREEN)}  it is as Git wants it"
        yield from (f"    {line}" for line in printable(change.message).splitlines())
    else:
        yield from changed_object(change, (), moment, paint)
    fate = verdict(compared.application, body, change, moment)
    if not change.is_in_sync:
        yield paint(printable(f"    → {fate}"), Colour.CYAN)
    for one in compared.differences.get(change.key, ()):
        yield from field_lines(one, moment, paint, commit)
        yield paint(printable(f"    → {fate}"), Colour.CYAN)
    for excused in compared.excused.get(change.key, ()):
        yield from field_lines(excused.field, moment, paint, commit)
        yield paint(printable(f"    → does not count: {excused.why}"), Colour.CYAN)


def _data(compared: Compared, changes: Sequence[Change], body: Mapping[str, Any], moment: datetime) -> dict[str, Any]:
    revision, application = compared.desired.revision, compared.application
    return {
        "application": {"namespace": application.key.namespace, "name": application.key.name},
        "revision": revision.sha,
        "objects": [_object_data(compared, change, body, moment) for change in changes],
    }


def _object_data(compared: Compared, change: Change, body: Mapping[str, Any], moment: datetime) -> dict[str, Any]:
    fate = "" if change.is_in_sync else verdict(compared.application, body, change, moment)
    commit = {"commit": compared.desired.revision.sha}
    fields = [
        *(
            {**field_data(one), **commit, "counts": True, "verdict": fate}
            for one in compared.differences.get(change.key, ())
        ),
        *(
            {**field_data(one.field), **commit, "counts": False, "verdict": one.why}
            for one in compared.excused.get(change.key, ())
        ),
    ]
    return {**object_data(change, ()), "inSync": change.is_in_sync, "verdict": fate, "differences": fields}
