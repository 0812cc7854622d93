"""Says which fields differ, and who wrote them: for people, never in the pass itself."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from functools import reduce
from typing import Any

from deepdiff import DeepDiff

from gitops_operator.diff.verdict import less
from gitops_operator.diff.walk import Walk
from gitops_operator.model.change import Difference
from gitops_operator.model.coverage import tracked_part
from gitops_operator.model.fields_v1 import Path, resolve, without
from gitops_operator.model.resource import STAMPED_ANNOTATIONS, Body, Resource


def explain(resource: Resource, live: Body, ignored: Collection[Path] = ()) -> tuple[Difference, ...]:
    """The fields in which a live object differs from what Git wants, those that Git removed included.

    Where our own apply wrote a field last, and of this very desired object, a value in other words (`1000m` and `1`) is
    the server's; everywhere else values decide.
    """
    walk = Walk(resource, live)
    desired = tracked_part(less(resource.body, ignored))
    walk.whole(desired, tracked_part(live))
    if not walk.is_same_desired:
        hidden = [*ignored, *(("f:metadata", "f:annotations", "f:" + name) for name in STAMPED_ANNOTATIONS)]
        owned = reduce(lambda fields, path: without(fields, resolve(path, fields)), hidden, walk.owned)
        walk.removed(owned, desired, ())
    return tuple(walk.differences)


def as_text(differences: Iterable[Difference]) -> str:
    """Differences for a terminal, a field a line."""
    return "\n".join(_line(difference) for difference in differences)


def _line(difference: Difference) -> str:
    writer = (
        f" ({difference.manager}{f', {difference.since}' if difference.since else ''})" if difference.manager else ""
    )
    if isinstance(difference.live, (Mapping, list)) and isinstance(difference.desired, (Mapping, list)):
        inside = DeepDiff(difference.live, difference.desired, verbose_level=2).pretty()
        return "\n".join([f"{difference.path}:{writer}", *(f"  {line}" for line in inside.splitlines())])
    return f"{difference.path}: {_shown(difference.live)} → {_shown(difference.desired)}{writer}"


def _shown(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)
