"""What one pass sees and has done: the results of the stages put side by side for those that decide and report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from gitops_operator.diff import Context, ignored_in
from gitops_operator.diff.explain import explain
from gitops_operator.errors import GitOpsError
from gitops_operator.health import counts, worst
from gitops_operator.model.application import APPLICATION, FINALIZER, Application, ApplicationKey
from gitops_operator.model.change import Change, Difference, Why, remarkable
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.hold import Held
from gitops_operator.model.live import LiveObject, Snapshot
from gitops_operator.model.proposal import Consequences, Proposal
from gitops_operator.model.resource import HOOK_RUN, Resource, ResourceKey
from gitops_operator.model.revision import CommitNote, Revision
from gitops_operator.model.step import Outcome
from gitops_operator.plan import DeletionPlan, Dependency, Hints, Plan, Situation, fights_in_words
from gitops_operator.plan.consequences import Inside, Surroundings, consequences
from gitops_operator.status import Observation

_HEALTHY, _MISSING = Health(HealthStatus.HEALTHY), Health(HealthStatus.MISSING)
_MAY_HAVE_CULPRITS = (HealthStatus.PROGRESSING, HealthStatus.DEGRADED)


@dataclass(frozen=True, slots=True)
class Desired:
    """What Git wants, rendered and stamped.

    `inputs` is the digest of all that decides a sync's result; `hooks` run in syncs, `delete_hooks` when the
    Application goes (one object may do both); `namespace` is the one that CreateNamespace makes;
    `committed_at` is in seconds since 1970, `note` is what people read of the commit that `revision` names; `held` says
    that it is an earlier version that the Application is kept at.
    """

    revision: Revision
    inputs: str
    resources: tuple[Resource, ...]
    hooks: tuple[Resource, ...] = ()
    delete_hooks: tuple[Resource, ...] = ()
    namespace: Resource | None = None
    warnings: Mapping[str, str] = field(default_factory=dict)
    images: tuple[str, ...] = ()
    committed_at: float = 0.0
    note: CommitNote | None = None
    held: Held | None = None

    @property
    def everything(self) -> tuple[Resource, ...]:
        """All that was rendered."""
        return (*self.resources, *self.hooks, *self.delete_hooks)

    @property
    def keys(self) -> frozenset[ResourceKey]:
        """Every object that a pass wants to know of."""
        extra = [self.namespace.key] if self.namespace else []
        return frozenset([*(resource.key for resource in (*self.resources, *self.hooks)), *extra])


class Chance(NamedTuple):
    """What one pass takes from chance: a number in [0, 1), and the id of an operation should one start."""

    jitter: float
    new_id: str


@dataclass(frozen=True, slots=True)
class Done:
    """What a pass did: what came of its step, the changes that it was made from, and what of them was drift.

    `began` is when the pass saw them.
    """

    outcomes: tuple[Outcome, ...] | None = None
    before: tuple[Change, ...] = ()
    drift: Mapping[ResourceKey, Sequence[Difference]] = field(default_factory=dict)
    began: datetime | None = None

    @property
    def warnings(self) -> Mapping[str, str]:
        """The warning condition of what the API server said to our writes."""
        words = sorted({f"{outcome.key}: {said}" for outcome in self.outcomes or () for said in outcome.warnings})
        return {"ApplyWarning": "\n".join(words)} if words else {}


NOTHING_DONE = Done()


@dataclass(frozen=True, slots=True)
class View:
    """One pass over one Application.

    `newest_inputs` is the digest of inputs of the newest commit; `above` are the Applications that this one is a part
    of, itself included where they go round in a circle; `inside` tells what a namespace holds,
    `dependencies` are the Applications that are to be Ready first.
    """

    application: Application
    desired: Desired
    newest_inputs: str
    snapshot: Snapshot
    changes: tuple[Change, ...]
    healths: Mapping[ResourceKey, Health | None]
    context: Context
    above: frozenset[ApplicationKey] = frozenset()
    inside: Inside = lambda _: ()
    dependencies: tuple[Dependency, ...] = ()

    def situation(self, now: datetime, hints: Hints, chance: Chance, done: Done = NOTHING_DONE) -> Situation:
        """What the plan decides from."""
        return Situation(
            application=self.application,
            now=now,
            revision=self.desired.revision,
            inputs=self.desired.inputs,
            held=self.desired.held,
            newest_inputs=self.newest_inputs,
            changes=self.changes,
            healths=self.healths,
            kinds=self.snapshot.kinds,
            tracked=self._tracked,
            hooks=self.desired.hooks,
            objects=self.snapshot.objects,
            dependencies=self.dependencies,
            hints=hints,
            outcomes=done.outcomes,
            drift=done.drift,
            jitter=chance.jitter,
            new_id=chance.new_id,
        )

    @property
    def _tracked(self) -> int:
        """How many objects are the Application's; those of hooks only pass through."""
        objects = self.snapshot.objects.values()
        hooks = sum(HOOK_RUN in item.annotations for item in objects) if self.desired.hooks else 0
        return [item.tracking for item in objects].count(self.context.tracker) - hooks

    def observation(self, now: datetime, plan: Plan, done: Done = NOTHING_DONE) -> Observation:
        """What status is made from."""
        return Observation(
            application=self.application,
            now=now,
            revision=self.desired.revision,
            changes=self.changes,
            healths=self.healths,
            health=self.health,
            gate=plan.gate,
            operation=plan.operation,
            waits_for=plan.waits_for,
            is_held=self.desired.held is not None,
            warnings={**self.desired.warnings, **done.warnings, **self._warnings(plan.hints)},
            images=self.desired.images,
            delete_hooks=len(self.desired.delete_hooks),
            proposal=self._proposal(plan),
            fights=sum(fight.times > 1 for fight in plan.hints.fights.values()),
            committed_at=self.desired.committed_at,
            note=self.desired.note,
        )

    def _proposal(self, plan: Plan) -> Proposal | None:
        return Proposal(plan.awaited, self.consequences(plan.awaited.changes)) if plan.awaited is not None else None

    def consequences(self, planned: Sequence[Change]) -> Consequences:
        """What comes of some changes besides what they change."""
        around = Surroundings(self.changes, self._differences, self.inside)
        return consequences(planned, around, self.context.options)

    def must_hold(self, plan: Plan) -> bool:
        """Whether the Application needs our finalizer now: its objects, present or soon, and hooks go before it."""
        application = self.application
        if not application.cascades or FINALIZER in application.finalizers:
            return False
        if plan.acts or self.desired.delete_hooks:
            return True
        trackings = (item.tracking for item in self.snapshot.objects.values())
        return any(one is not None and one.application == application.key for one in trackings)

    def drift(self) -> Mapping[ResourceKey, tuple[Difference, ...]]:
        """What moved, of the objects that are not as our last apply left them."""
        return {change.key: self._differences(change) for change in remarkable(self.changes) if change.is_drift}

    @property
    def health(self) -> Health:
        """The Application's health: that of its worst object, where it counts."""
        unwell = {key: health for key, health in self.healths.items() if health is not None and health != _HEALTHY}
        if not unwell:  # as it nearly always is
            return _HEALTHY
        counted = [
            (change.key, unwell[change.key])
            for change in self.changes
            if change.key in unwell and change.desired is not None and self._counts(change)
        ]
        return worst(counted)

    def _counts(self, change: Change) -> bool:
        key = change.key
        if key.group_kind == APPLICATION and ApplicationKey(key.namespace, key.name) in self._itself_and_above:
            return False
        return change.live is None or counts(change.live.annotations)

    @property
    def _itself_and_above(self) -> frozenset[ApplicationKey]:
        return self.above | {self.application.key}

    def _differences(self, change: Change) -> tuple[Difference, ...]:
        if change.desired is None or change.live is None or change.live.body is None:
            return ()
        body = change.live.body.load()
        return explain(change.desired, body, ignored_in(change.desired, body, self.snapshot, self.context))

    def _warnings(self, hints: Hints) -> dict[str, str]:
        refused = (change for change in remarkable(self.changes) if change.why is Why.AT_ADMISSION)
        admission = [f"{change.desired}: {change.message}" for change in refused]
        circle = ", ".join(str(key) for key in sorted(self.above)) if self.application.key in self.above else ""
        words = {
            "ChangedAtAdmission": "\n".join(admission),
            "Fight": fights_in_words(hints.fights),
            "ApplicationCycle": f"These Applications contain each other, so none waits for another's health: {circle}."
            if circle
            else "",
        }
        return {kind: text for kind, text in words.items() if text}


def healths_of(
    changes: Iterable[Change], below: Callable[[ResourceKey], Iterable[LiveObject]]
) -> dict[ResourceKey, Health | None]:
    """The health of each object; one that is not well names the first descendant that is worse off."""
    found: dict[ResourceKey, Health | None] = {}
    for change in changes:
        if change.live is not None:
            health = change.live.health
            if health is not None and health.status in _MAY_HAVE_CULPRITS:
                health = _with_culprit(health, below(change.key))
            found[change.key] = health
        else:
            found[change.key] = _absent(change)
    return found


def _absent(change: Change) -> Health | None:
    """Of an object that the cluster is not known to have: whether it is there is unknown where its kind is."""
    if change.desired is None or change.is_in_sync:
        return None
    return Health(HealthStatus.UNKNOWN, change.message) if change.why is Why.KIND_NOT_READY else _MISSING


def _with_culprit(health: Health, below: Iterable[LiveObject]) -> Health:
    culprits = sorted(
        (item.key, item.health.message)
        for item in below
        if item.health is not None and item.health.status is HealthStatus.DEGRADED
    )
    if not culprits:
        return health
    key, words = culprits[0]
    reason = f"{key.kind} {key.name}: {words}"
    return health._replace(message=f"{health.message.rstrip('.')}; {reason}" if health.message else reason)


def failed_observation(application: Application, now: datetime, error: GitOpsError) -> Observation:
    """What status says when a stage before the comparison failed; what was known of health stays."""
    stored = application.status.get("health") or {}
    health = Health(HealthStatus(stored.get("status", HealthStatus.UNKNOWN)), stored.get("message", ""))
    return Observation(application, now, health=health, operation=application.operation, error=error)


def pending_observation(application: Application, now: datetime, what: str) -> Observation:
    """What status says before anything is known."""
    return replace(failed_observation(application, now, GitOpsError(what)), error=None, pending=what)


def deletion_observation(application: Application, now: datetime, plan: DeletionPlan) -> Observation:
    """What status says while the Application goes."""
    seen = failed_observation(application, now, GitOpsError(""))
    return replace(seen, error=None, deleting=plan.message, operation=plan.operation or application.operation)
