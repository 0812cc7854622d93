"""What a decision is made from, built from what a test is about; `play` walks an operation as passes would."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gitops_operator.errors import ApplyError
from gitops_operator.model.application import Application, ApplicationKey, Automated, Source, SyncPolicy
from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.live import LiveObject
from gitops_operator.model.operation import Cursor, Operation, OperationPhase, OperationRequest, Phase
from gitops_operator.model.resource import SYNC_WAVE, Resource, ResourceKey
from gitops_operator.model.revision import Revision
from gitops_operator.model.schedule import Schedule, parse_schedule, parse_zone
from gitops_operator.model.step import Outcome, Result, TaskKind
from gitops_operator.model.tracking import Tracker
from gitops_operator.model.window import SyncWindow, WindowKind, parse_duration
from gitops_operator.plan import Plan, Situation, next_step

NOW = datetime(2027, 1, 31, 8, tzinfo=UTC)
APP = ApplicationKey("apps", "web")
SHA = "a" * 40
ALL_ON = Automated(prune=True, self_heal=True)
HEALTHY = Health(HealthStatus.HEALTHY)
PROGRESSING = Health(HealthStatus.PROGRESSING, "0 of 1 ready")
DEGRADED = Health(HealthStatus.DEGRADED, "it crashes")

_GROUPS = {
    "Deployment": "apps",
    "CustomResourceDefinition": "apiextensions.k8s.io",
    "Widget": "example.com",
    "ValidatingWebhookConfiguration": "admissionregistration.k8s.io",
}
_CLUSTER_SCOPED = {"Namespace", "CustomResourceDefinition", "ValidatingWebhookConfiguration"}


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def key(kind: str, name: str, namespace: str = "web") -> ResourceKey:
    return ResourceKey(_GROUPS.get(kind, ""), kind, "" if kind in _CLUSTER_SCOPED else namespace, name)


def resource(kind: str = "ConfigMap", name: str = "front", **more: Any) -> Resource:
    """A desired object. More: `namespace`, `wave`, `options`, `spec`."""
    its = key(kind, name, more.pop("namespace", "web"))
    api_version = f"{its.group}/v1" if its.group else "v1"
    body = {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name, "namespace": its.namespace},
        "spec": more.pop("spec", {}),
    }
    options = frozenset(more.pop("options", ()))
    return Resource(its, api_version, body, options=options, owner="ours", digest="v1:d", **more)


def live(its: ResourceKey, wave: int = 0, **more: Any) -> LiveObject:
    """A live object of ours. More: `annotations` and any other field."""
    annotations = {**({SYNC_WAVE: str(wave)} if wave else {}), **more.pop("annotations", {})}
    found: dict[str, Any] = {
        "key": its,
        "api_version": f"{its.group}/v1" if its.group else "v1",
        "uid": f"uid-{its.name}",
        "resource_version": "7",
        "annotations": annotations,
        "tracking": Tracker("", *APP),
        "ownership": "H",
        "baseline": "H",
    }
    return LiveObject(**{**found, **more})


def missing(kind: str = "ConfigMap", name: str = "front", **more: Any) -> Change:
    wanted = resource(kind, name, **more)
    return Change(wanted.key, Action.CREATE, Why.MISSING, desired=wanted, sending=wanted.body)


def changed(kind: str = "ConfigMap", name: str = "front", why: Why = Why.DESIRED_CHANGED, **more: Any) -> Change:
    wanted = resource(kind, name, **more)
    return Change(wanted.key, Action.UPDATE, why, desired=wanted, live=live(wanted.key), sending=wanted.body)


def drifted(kind: str = "ConfigMap", name: str = "front", **more: Any) -> Change:
    return changed(kind, name, Why.DRIFTED, **more)


def settled(kind: str = "ConfigMap", name: str = "front", **more: Any) -> Change:
    """In sync. More: `unverified`."""
    unverified = more.pop("unverified", False)
    wanted = resource(kind, name, **more)
    return Change(
        wanted.key,
        Action.NONE,
        Why.IN_SYNC,
        desired=wanted,
        live=live(wanted.key),
        sending=wanted.body,
        unverified=unverified,
    )


def closed(why: Why, message: str = "Words.", kind: str = "ConfigMap", name: str = "front", **more: Any) -> Change:
    """A desired object for which nothing can be done."""
    wanted = resource(kind, name, **more)
    return Change(wanted.key, Action.NONE, why, message, desired=wanted)


def doomed(kind: str = "ConfigMap", name: str = "old", wave: int = 0, **more: Any) -> Change:
    its = key(kind, name)
    return Change(its, Action.PRUNE, Why.NOT_DESIRED, live=live(its, wave, **more))


def going(kind: str = "ConfigMap", name: str = "old", wave: int = 0, *finalizers: str) -> Change:
    """An object that Git no longer has and that is being deleted."""
    its = key(kind, name)
    found = live(its, wave, finalizers=finalizers, deletion_timestamp="2027-01-31T08:00:00Z")
    return Change(its, Action.NONE, Why.GOING, "It goes.", live=found)


def application(**more: Any) -> Application:
    """Automated with everything on. More: any field, and those of the sync policy that `SyncPolicy` has."""
    names = SyncPolicy.__dataclass_fields__
    policy: dict[str, Any] = {name: more.pop(name) for name in list(more) if name in names}
    base: dict[str, Any] = {
        "key": APP,
        "uid": "uid-web",
        "resource_version": "1",
        "generation": 3,
        "source": Source("https://git.example.com/web.git"),
        "namespace": "web",
        "sync_policy": SyncPolicy(**{"automated": ALL_ON, **policy}),
    }
    return Application(**{**base, **more})


def window(kind: str, schedule: str = "0 8 * * *", lasts: str = "1h", *, manual: bool = False) -> SyncWindow:
    """A sync window on UTC's clocks; by default it is active at NOW."""
    when = Schedule(parse_schedule(schedule), parse_zone("UTC"))
    return SyncWindow(WindowKind(kind), when, parse_duration(lasts), lasts, manual)


def operation(**more: Any) -> Operation:
    """A running automated one at Sync wave 0."""
    base: dict[str, Any] = {
        "id": "op1",
        "trigger": "automated",
        "phase": OperationPhase.RUNNING,
        "revisions": (SHA,),
        "inputs": "i1",
        "cursor": Cursor(Phase.SYNC, 0),
        "started_at": NOW.isoformat(),
        "prune": True,
    }
    return Operation(**{**base, **more})


def succeeded(**more: Any) -> Operation:
    return operation(phase=OperationPhase.SUCCEEDED, **more)


def failed(**more: Any) -> Operation:
    return operation(phase=OperationPhase.FAILED, **{"message": "No.", "retry_at": after(5).isoformat(), **more})


def request(**more: Any) -> OperationRequest:
    return OperationRequest(**{"digest": "r1", **more})


def situation(*changes: Change, **more: Any) -> Situation:
    """More: `app`, `operation`, `request` and any field of the situation."""
    app = more.pop("app", None) or application()
    app = replace(app, operation=more.pop("operation", app.operation), request=more.pop("request", app.request))
    base: dict[str, Any] = {
        "application": app,
        "now": NOW,
        "revision": Revision(SHA, "main"),
        "inputs": "i1",
        "newest_inputs": more.get("inputs", "i1"),
        "changes": changes,
        "tracked": len(changes),
        "new_id": "op2",
    }
    return Situation(**{**base, **more})


def outcome(its: ResourceKey, result: Result = Result.CONFIGURED, task: TaskKind = TaskKind.APPLY) -> Outcome:
    return Outcome(its, task, result)


def refused(
    its: ResourceKey, message: str = "It is refused.", task: TaskKind = TaskKind.APPLY, *, transient: bool = False
) -> Outcome:
    return Outcome(its, task, Result.FAILED, ApplyError(message, transient=transient))


def names(plan: Plan) -> list[list[str]]:
    """The names of a step's tasks, group by group."""
    return [[task.key.name for task in group] for group in plan.step.groups]


def tasks(plan: Plan) -> dict[str, TaskKind]:
    return {task.key.name: task.kind for task in plan.step.tasks}


@dataclass
class World:
    """A cluster of the mind: applies succeed at once, deletes take one pass more; `healths` are what they are.

    `script` replaces what comes of the tasks of an object, once each, in order.
    """

    changes: list[Change]
    app: Application
    healths: dict[ResourceKey, Health | None] = field(default_factory=dict)
    script: dict[str, list[Outcome]] = field(default_factory=dict)
    now: datetime = NOW
    done: list[str] = field(default_factory=list)

    def seen(self, plan: Plan | None, outcomes: Sequence[Outcome] | None = None, **more: Any) -> Situation:
        hints = {"hints": plan.hints} if plan is not None else {}
        given = None if outcomes is None else tuple(outcomes)
        found: Mapping[str, Any] = {"now": self.now, "healths": self.healths, "outcomes": given, **hints, **more}
        return situation(*self.changes, app=self.app, **found)

    def walk(self, plan: Plan | None = None, **more: Any) -> Plan:
        """One pass: decide, do, decide again, store the operation."""
        self.changes = [change for change in self.changes if not (change.desired is None and change.why is Why.GOING)]
        decided = next_step(self.seen(plan, **more))
        if decided.step.groups:
            outcomes = [self._do(task.key, task.kind) for task in decided.step.tasks]
            decided = next_step(self.seen(decided, outcomes, **more))
        self.app = replace(self.app, operation=decided.operation, request=None)
        return decided

    def play(self, passes: int = 30) -> list[str]:
        """Passes until the operation has ended; what was done, in order."""
        plan = self.walk()
        for _ in range(passes):
            if self.app.operation is not None and not self.app.operation.is_running:
                break
            plan = self.walk(plan)
        return self.done

    def _do(self, its: ResourceKey, kind: TaskKind) -> Outcome:
        self.done.append(f"{kind} {its.name}")
        scripted = self.script.get(its.name)
        if scripted:
            return scripted.pop(0)
        if kind is TaskKind.VALIDATE:
            return Outcome(its, kind, Result.VALID)
        for place, change in enumerate(self.changes):
            if change.key == its:
                self.changes[place] = _after(change, kind)
        return Outcome(its, kind, Result.PRUNED if kind is TaskKind.PRUNE else Result.CREATED)


def _after(change: Change, kind: TaskKind) -> Change:
    if kind is TaskKind.PRUNE:
        return change._replace(action=Action.NONE, why=Why.GOING)
    return change._replace(action=Action.NONE, why=Why.IN_SYNC, live=change.live or live(change.key))
