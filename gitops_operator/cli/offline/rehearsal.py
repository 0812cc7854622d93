"""A sync without a cluster: the operator's own plan, asked again and again, while everything it does succeeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NamedTuple

from gitops_operator.cli.exits import CommandError
from gitops_operator.model.application import Application
from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.kind import KindState, KindStatus
from gitops_operator.model.live import LiveObject
from gitops_operator.model.operation import Cursor, OperationPhase, OperationRequest
from gitops_operator.model.resource import GroupKind, ResourceKey
from gitops_operator.model.revision import Revision
from gitops_operator.model.step import Outcome, Result, Step, TaskKind
from gitops_operator.plan import Hints, Plan, Situation, next_step
from gitops_operator.plan.order import kind_defined

_NOW = datetime(2000, 1, 1, tzinfo=UTC)
_INPUTS = "offline"
_HEALTHY = Health(HealthStatus.HEALTHY)
_UNSEEN = frozenset({TaskKind.VALIDATE, TaskKind.VERIFY})
_WRITES = frozenset({TaskKind.APPLY, TaskKind.REPLACE, TaskKind.RECREATE})
_MOST_PASSES = 100_000


class Done(NamedTuple):
    """One write of the sync, and where in it."""

    cursor: Cursor
    action: str
    key: ResourceKey


@dataclass
class _World:
    """What the passes see: the changes that are left, and what was made."""

    application: Application
    changes: tuple[Change, ...]
    kinds: dict[GroupKind, KindStatus]
    hints: Hints = field(default_factory=Hints)
    outcomes: tuple[Outcome, ...] | None = None

    def situation(self) -> Situation:
        return Situation(
            application=self.application,
            now=_NOW,
            revision=Revision(_INPUTS),
            inputs=_INPUTS,
            newest_inputs=_INPUTS,
            changes=self.changes,
            healths={change.key: _HEALTHY for change in self.changes if change.live is not None},
            kinds=self.kinds,
            tracked=len(self.changes),
            hints=self.hints,
            outcomes=self.outcomes,
            new_id=_INPUTS,
        )

    def take(self, plan: Plan) -> None:
        """What the pass decided is stored, and what it wrote is there."""
        request = None if plan.operation is not None else self.application.request
        self.application = replace(self.application, operation=plan.operation, request=request)
        self.hints = plan.hints
        self.outcomes = tuple(Outcome(task.key, task.kind, Result.CONFIGURED) for task in plan.step.tasks)
        written = {task.key for task in plan.step.tasks if task.kind in _WRITES}
        pruned = {task.key for task in plan.step.tasks if task.kind is TaskKind.PRUNE}
        self.changes = tuple(
            _written(change) if change.key in written else change for change in self.changes if change.key not in pruned
        )
        for change in self.changes:
            kind = kind_defined(change.desired) if change.key in written and change.desired else None
            if kind is not None:
                self.kinds[kind] = KindStatus(KindState.READY)


def rehearse(
    application: Application, changes: tuple[Change, ...], kinds: Mapping[GroupKind, KindStatus], *, prune: bool
) -> Iterator[Done]:
    """Every write of a sync that a user asks for, in order; tasks of equal kinds go side by side.

    Raises:
        CommandError: the sync may not begin, or would fail.
    """
    request = OperationRequest(_INPUTS, prune=prune, options=application.sync_policy.options)
    world = _World(replace(application, request=request, operation=None), changes, dict(kinds))
    for _ in range(_MOST_PASSES):
        before, operation = world.changes, world.application.operation
        plan = next_step(world.situation())
        world.take(plan)
        if plan.operation is None:
            raise CommandError(f"the sync would not begin: {plan.gate.message or plan.gate.reason}")
        if plan.operation.phase is OperationPhase.FAILED:
            raise CommandError(f"the sync would fail: {plan.operation.message}")
        if not plan.operation.is_running:
            return
        yield from _done(plan.operation.cursor, plan.step)
        if before == world.changes and operation == plan.operation and not plan.step.tasks:
            raise CommandError(f"the sync would wait for ever: {plan.waits_for or plan.gate.message}")
    raise CommandError("the sync would not end")


def _done(cursor: Cursor, step: Step) -> Iterator[Done]:
    for task in step.tasks:
        if task.kind not in _UNSEEN:
            yield Done(cursor, "apply" if task.kind in _WRITES else str(task.kind), task.key)


def _written(change: Change) -> Change:
    live = change.live or LiveObject(change.key, change.desired.api_version if change.desired else "", "", "")
    return change._replace(action=Action.NONE, why=Why.IN_SYNC, message="", live=live)
