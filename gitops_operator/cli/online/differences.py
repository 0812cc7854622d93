"""A comparison for people: each object that is not as Git wants it, and how many there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from gitops_operator.cli.changed import MARKS, changed_object
from gitops_operator.cli.online.comparison import Compared
from gitops_operator.cli.online.words import plural
from gitops_operator.cli.tables import Paint
from gitops_operator.model.change import Why


def differences(compared: Compared, now: datetime, paint: Paint) -> Iterator[str]:
    """The lines, the last one a summary."""
    for change in compared.differing:
        yield from changed_object(change, compared.differences.get(change.key, ()), now, paint)
        yield ""
    yield _summary(compared)


def _summary(compared: Compared) -> str:
    revision = compared.desired.revision
    name = f"{revision.ref} ({revision.short})" if revision.ref and revision.ref != revision.sha else revision.short
    total = plural(len(compared.changes), "object")
    hidden = sum(change.why is Why.KIND_NOT_READY for change in compared.differing)
    differing = [change for change in compared.differing if change.why is not Why.KIND_NOT_READY]
    unknown = f" {plural(hidden, 'object')} cannot be compared." if hidden else ""
    if not differing:
        same = plural(len(compared.changes) - hidden, "object")
        return f"No differences from {name}: {same} compared.{unknown}"
    counts = Counter(MARKS[change.action][2] or "in the way of a sync" for change in differing)
    words = ", ".join(f"{number} {what}" for what, number in counts.items())
    return (
        f"{len(differing)} of {total} {'differs' if len(differing) == 1 else 'differ'} from {name}: {words}.{unknown}"
    )
