"""What a decision is made from, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from gitops_operator.model.application import Application
from gitops_operator.model.change import Change, Difference, remarkable
from gitops_operator.model.gate import Gate
from gitops_operator.model.health import Health
from gitops_operator.model.hold import Held
from gitops_operator.model.kind import KindStatus
from gitops_operator.model.live import LiveObject
from gitops_operator.model.operation import Operation
from gitops_operator.model.proposal import Awaited
from gitops_operator.model.resource import GroupKind, Resource, ResourceKey
from gitops_operator.model.revision import Revision
from gitops_operator.model.step import Outcome, Step
from gitops_operator.plan.dependencies import Dependency


class Fight(NamedTuple):
    """How often we corrected the same field of an object, and when last.

    `fields` are the paths that were changed last ("" where the object was missing), `managers` who changed them;
    `counts` says of each field how often, and `times` is the largest of those that were changed last.
    """

    times: int
    last: datetime
    fields: frozenset[str] = frozenset()
    managers: frozenset[str] = frozenset()
    counts: Mapping[str, int] = MappingProxyType({})


class Refusal(NamedTuple):
    """How often in a row a correction or a verification of an object failed, when last, and with what words."""

    times: int
    last: datetime
    message: str


class Mark(NamedTuple):
    """One thing that a step waits for: that an object is written (deleted, in a prune), then that it is well (gone)."""

    key: ResourceKey
    is_end: bool


@dataclass(frozen=True, slots=True)
class Hints:
    """What is remembered between passes in memory only; losing it costs time, never correctness.

    Of the running operation: `began` is its id where it was started since; `failures` counts passes in a row with
    transient failures, `trouble` has their words, and nothing is written before `not_before`; `validated` are the
    objects that passed the dry run, `reviewed` those that the account may write, `applied` those that were written. Of
    its current step: `waited` and `done` are the marks it has waited for and those of them that it has reached,
    `progressed_at` is when it reached the last one, `degraded` since when an object is Degraded. Besides: `fights` the
    objects we correct again and again; `refused` those whose correction or verification fails; `unsettled` the (key,
    digest, ownership) for which an apply changed nothing.
    """

    began: str = ""
    failures: int = 0
    trouble: str = ""
    not_before: datetime | None = None
    validated: frozenset[ResourceKey] = frozenset()
    reviewed: frozenset[ResourceKey] = frozenset()
    applied: frozenset[ResourceKey] = frozenset()
    waited: frozenset[Mark] = frozenset()
    done: frozenset[Mark] = frozenset()
    progressed_at: datetime | None = None
    degraded: Mapping[ResourceKey, datetime] = field(default_factory=dict)
    fights: Mapping[ResourceKey, Fight] = field(default_factory=dict)
    refused: Mapping[ResourceKey, Refusal] = field(default_factory=dict)
    unsettled: frozenset[tuple[ResourceKey, str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything one decision needs.

    `revision` is what `changes` were rendered from, `inputs` the digest of what decides the result; `newest_inputs` is
    the same digest for the newest commit; `held` says that it is an earlier version that the Application is kept at;
    `hooks` are those of the same render, `objects` all live objects that the pass sees, the hooks' among them; `jitter`
    is a number in [0, 1), `new_id` the id of an operation should one start; `outcomes` is None before the step of this
    pass and what came of it afterwards; `drift` says what of the objects that it corrected had moved; `remarkable` are
    the changes of which there is anything to say.
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
    hooks: tuple[Resource, ...] = ()
    objects: Mapping[ResourceKey, LiveObject] = field(default_factory=dict)
    dependencies: tuple[Dependency, ...] = ()
    held: Held | None = None
    hints: Hints = Hints()
    outcomes: tuple[Outcome, ...] | None = None
    drift: Mapping[ResourceKey, Sequence[Difference]] = field(default_factory=dict)
    jitter: float = 0.0
    new_id: str = ""
    remarkable: tuple[Change, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "remarkable", remarkable(self.changes))


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now.

    When `operation` differs from the stored one in phase or cursor, it is written before anything else and `step` is
    empty. `heals` marks a step that corrects drift outside any operation; `look_again` is when time alone matters;
    `waits_for` says what is waited for, `awaited` what an approval is asked for.
    """

    gate: Gate
    operation: Operation | None = None
    step: Step = Step()
    heals: bool = False
    hints: Hints = Hints()
    look_again: datetime | None = None
    waits_for: str = ""
    awaited: Awaited | None = None

    @property
    def acts(self) -> bool:
        """Whether the cluster is, or soon will be, written to."""
        return self.heals or (self.operation is not None and self.operation.is_running)
