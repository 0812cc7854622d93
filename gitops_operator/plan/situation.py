"""What a decision is made from, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from gitops_operator.model.application import Application
from gitops_operator.model.change import Change, Difference
from gitops_operator.model.gate import Gate
from gitops_operator.model.health import Health
from gitops_operator.model.kind import KindStatus
from gitops_operator.model.operation import Operation
from gitops_operator.model.resource import GroupKind, ResourceKey
from gitops_operator.model.revision import Revision
from gitops_operator.model.step import Outcome, Step


class Fight(NamedTuple):
    """How often we corrected the same fields of an object in a row, and when last.

    `fields` are the paths that were changed last ("" where the object was missing), `managers` who changed them.
    """

    times: int
    last: datetime
    fields: frozenset[str] = frozenset()
    managers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Hints:
    """What is remembered between passes in memory only; losing it costs time, never correctness.

    `failures` counts passes in a row with transient failures, nothing is written before `not_before`; `validated` is
    the id of the operation whose later waves passed the dry run; `done` is how many objects of the current step were in
    sync and healthy, `progressed_at` when that last grew; `degraded_since` when something of the current wave became
    Degraded; `fights` the objects we correct again and again; `unsettled` the (key, digest, ownership) for which an
    apply changed nothing.
    """

    failures: int = 0
    not_before: datetime | None = None
    validated: str = ""
    done: int = -1
    progressed_at: datetime | None = None
    degraded_since: datetime | None = None
    fights: Mapping[ResourceKey, Fight] = field(default_factory=dict)
    unsettled: frozenset[tuple[ResourceKey, str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything one decision needs.

    `revision` is what `changes` were rendered from, `inputs` the digest of what decides the result; `newest_inputs` is
    the same digest for the newest commit; `jitter` is a number in [0, 1), `new_id` the id of an operation should one
    start; `outcomes` is None before the step of this pass and what came of it afterwards; `drift` says what of the
    objects that it corrected had moved.
    """

    application: Application
    now: datetime
    revision: Revision
    inputs: str
    newest_inputs: str
    changes: tuple[Change, ...] = ()
    healths: Mapping[ResourceKey, Health | None] = field(default_factory=dict)
    kinds: Mapping[GroupKind, KindStatus] = field(default_factory=dict)
    tracked: int = 0
    hints: Hints = Hints()
    outcomes: tuple[Outcome, ...] | None = None
    drift: Mapping[ResourceKey, Sequence[Difference]] = field(default_factory=dict)
    jitter: float = 0.0
    new_id: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now.

    When `operation` differs from the stored one in phase or cursor, it is written before anything else and `step` is
    empty. `heals` marks a step that corrects drift outside any operation; `look_again` is when time alone matters;
    `waits_for` says what is waited for.
    """

    gate: Gate
    operation: Operation | None = None
    step: Step = Step()
    heals: bool = False
    hints: Hints = Hints()
    look_again: datetime | None = None
    waits_for: str = ""

    @property
    def acts(self) -> bool:
        """Whether the cluster is, or soon will be, written to."""
        return self.heals or (self.operation is not None and self.operation.is_running)
