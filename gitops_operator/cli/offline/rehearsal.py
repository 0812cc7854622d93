"""A sync without a cluster: the operator's own plan, asked again and again, while everything it does succeeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NamedTuple

from gitops_operator.cli.exits import CommandError
from gitops_operator.model.application import Application
from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.hooks import is_generated
from gitops_operator.model.kind import KindState, KindStatus
from gitops_operator.model.live import LiveObject
from gitops_operator.model.operation import Cursor, Operation, OperationPhase, OperationRequest
from gitops_operator.model.resource import GroupKind, Resource, ResourceKey, wave_of
from gitops_operator.model.revision import Revision
from gitops_operator.model.step import BEFORE_WRITES, Outcome, Result, Step, TaskKind
from gitops_operator.model.tracking import Tracker
from gitops_operator.plan import Hints, Plan, Situation, next_step
from gitops_operator.plan.hooks import is_hook_key, leftovers
from gitops_operator.plan.order import kind_defined

_NOW = datetime(2000, 1, 1, tzinfo=UTC)
_INPUTS = "offline"
_HEALTHY = Health(HealthStatus.HEALTHY)
_UNSEEN = BEFORE_WRITES | {TaskKind.VERIFY}
_WRITES = frozenset({TaskKind.APPLY, TaskKind.REPLACE, TaskKind.RECREATE})
_MOST_PASSES = 100_000


class Done(NamedTuple):
    """One write of the sync, and where in it."""

    cursor: Cursor
    action: str
    key: ResourceKey


class Rehearsal(NamedTuple):
    """What a sync would begin with; `live` holds the objects of earlier hooks, too."""

    application: Application
    changes: tuple[Change, ...]
    kinds: Mapping[GroupKind, KindStatus]
    hooks: tuple[Resource, ...] = ()
    live: Sequence[LiveObject] = ()


@dataclass
class _World:
    """What the passes see: the changes that are left, and what was made."""

    application: Application
    changes: tuple[Change, ...]
    kinds: dict[GroupKind, KindStatus]
    hooks: tuple[Resource, ...]
    objects: dict[ResourceKey, LiveObject]
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
            hooks=self.hooks,
            objects=self.objects,
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
        self.objects = {key: item for key, item in self.objects.items() if key not in pruned}
        hooks = [task.desired for task in plan.step.tasks if task.kind in _WRITES and task.desired]
        self.objects |= {hook.key: self._run(hook) for hook in hooks if hook.is_hook}
        for change in self.changes:
            kind = kind_defined(change.desired) if change.key in written and change.desired else None
            if kind is not None:
                self.kinds[kind] = KindStatus(KindState.READY)

    def _run(self, hook: Resource) -> LiveObject:
        """The object of a hook that has succeeded."""
        annotations = hook.body["metadata"]["annotations"]
        tracker = Tracker("", *self.application.key)
        return LiveObject(
            hook.key, hook.api_version, "", "", annotations=annotations, tracking=tracker, health=_HEALTHY
        )


def rehearse(start: Rehearsal, *, prune: bool) -> Iterator[Done]:
    """Every write of a sync that a user asks for, in order; tasks of equal kinds go side by side.

    Raises:
        CommandError: the sync may not begin, or would fail.
    """
    request = OperationRequest(_INPUTS, prune=prune, options=start.application.sync_policy.options)
    application = replace(start.application, request=request, operation=None)
    objects = {item.key: item for item in start.live}
    world = _World(application, start.changes, dict(start.kinds), start.hooks, objects)
    for _ in range(_MOST_PASSES):
        before, operation = world.changes, world.application.operation
        plan = next_step(world.situation())
        world.take(plan)
        if plan.operation is None:
            raise CommandError(f"the sync would not begin: {plan.gate.message or plan.gate.reason}")
        if plan.operation.phase is OperationPhase.FAILED:
            raise CommandError(f"the sync would fail: {plan.operation.message}")
        if not plan.operation.is_running:
            yield from _last(world, plan.operation)
            return
        yield from _done(world, plan.operation.cursor, plan.step)
        if before == world.changes and operation == plan.operation and not plan.step.tasks:
            raise CommandError(f"the sync would wait for ever: {plan.waits_for or plan.gate.message}")
    raise CommandError("the sync would not end")


def _done(world: _World, cursor: Cursor, step: Step) -> Iterator[Done]:
    for task in step.tasks:
        if task.kind in _WRITES:
            yield Done(cursor, "apply", _shown(world, task.key))
        elif task.kind not in _UNSEEN:
            yield Done(cursor, "delete-hook" if is_hook_key(world.situation(), task.key) else str(task.kind), task.key)


def _shown(world: _World, key: ResourceKey) -> ResourceKey:
    """Of a hook whose name is made anew for each run only the prefix is known before."""
    generated = (hook.key for hook in world.hooks if is_generated(hook) and hook.key[:3] == key[:3])
    return next((one for one in generated if key.name.startswith(one.name)), key)


def _last(world: _World, operation: Operation) -> Iterator[Done]:
    """What goes once the sync has ended: the hooks whose policy says so."""
    situation = world.situation()
    records = {record.key: record for record in operation.hooks}
    for change in leftovers(situation):
        wave = wave_of(change.live.annotations) if change.live else 0
        yield Done(Cursor(records[change.key].phase, wave), "delete-hook", _shown(world, change.key))


def _written(change: Change) -> Change:
    live = change.live or LiveObject(change.key, change.desired.api_version if change.desired else "", "", "")
    return change._replace(action=Action.NONE, why=Why.IN_SYNC, message="", live=live)
