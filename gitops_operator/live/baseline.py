"""From where drift is measured: H of the answer to our last apply, and the body that it was true of.

The answer itself is not kept, but while H equals the baseline the live body says the same as the answer did, as far as
the lens shows it. So the last such body (`settled`) still tells what the answer's H is through a lens that shows less.
"""

from __future__ import annotations

from typing import NamedTuple

from gitops_operator.live.record import Held
from gitops_operator.live.sighting import version_of
from gitops_operator.model.managed_fields import Lens, ownership
from gitops_operator.model.resource import StoredBody

REFUTED = "refuted"
"""The baseline of what a dry run showed to have moved: no H looks like this."""


class Present(NamedTuple):
    """An object as it is now: H through a lens, in some version of its kind, at a resourceVersion (0: no number)."""

    ownership: str
    lens: Lens
    api_version: str
    version: int


class Baseline(NamedTuple):
    """What `LiveObject.baseline` and `LiveObject.settled` become."""

    value: str = ""
    settled: StoredBody | None = None


def carry(previous: Held | None, present: Present, manager: str) -> Baseline:
    """The baseline of an object from what was held of the same UID; "" where it cannot be known any more."""
    if previous is None:
        return Baseline()
    value = _value(previous, present, manager)
    if value == present.ownership:
        return Baseline(present.ownership)
    return Baseline(value, settled_body(previous))


def settled_body(held: Held) -> StoredBody | None:
    """The last body that was as our apply left it."""
    live = held.live
    return live.body if live.ownership == live.baseline != "" else live.settled


def _value(previous: Held, present: Present, manager: str) -> str:
    before = previous.live
    if not before.baseline:
        return ""
    if present.api_version != before.api_version:
        return _translated(previous, present)
    if present.lens == previous.lens:
        return before.baseline
    settled = settled_body(previous)
    if before.baseline == REFUTED or settled is None or not _shows_less(present.lens, previous.lens):
        return ""
    return ownership(settled.load(), present.lens, manager)


def _translated(previous: Held, present: Present) -> str:
    """Values in two versions of a kind cannot be compared (we apply an HPA as v1 and watch it as v2).

    At the very resourceVersion of the answer, though, what we own in the other version is what our apply left.
    """
    before = previous.live
    is_same_state = version_of(before.resource_version) == present.version != 0
    return present.ownership if is_same_state and before.baseline == before.ownership else ""


def _shows_less(one: Lens, other: Lens) -> bool:
    return one.ignored >= other.ignored and one.bare >= other.bare
