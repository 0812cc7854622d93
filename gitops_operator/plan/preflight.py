"""Before the first write: what dry runs prove, and what the account has to be allowed, of all that a sync will do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from gitops_operator.model.access import Need
from gitops_operator.model.account import account_of
from gitops_operator.model.application import SyncPolicy
from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.hooks import is_generated
from gitops_operator.model.kind import KindState
from gitops_operator.model.operation import Cursor, Operation, Phase
from gitops_operator.model.resource import GroupKind, Resource, ResourceKey
from gitops_operator.model.step import Step, Task, TaskKind
from gitops_operator.plan.hold import undoes
from gitops_operator.plan.hooks import unproven_hooks
from gitops_operator.plan.order import kind_defined
from gitops_operator.plan.situation import Situation
from gitops_operator.plan.tasks import prune_task, write_task
from gitops_operator.plan.waves import doomed, with_waves
from gitops_operator.plan.way import is_prune_first, place_of

_BEFORE_THE_END = frozenset({Phase.PRE_SYNC, Phase.SYNC, Phase.PRUNE})
_VERBS = {
    TaskKind.APPLY: frozenset({"patch"}),
    TaskKind.REPLACE: frozenset({"get", "update", "patch"}),
    TaskKind.RECREATE: frozenset({"delete", "create", "patch"}),
    TaskKind.PRUNE: frozenset({"delete"}),
}
_OF_HOOKS = frozenset({"create", "patch", "delete"})


def policy_of(situation: Situation, operation: Operation) -> SyncPolicy:
    """The Application's, with the options that came with the request."""
    policy = situation.application.sync_policy
    return replace(policy, options=policy.options | operation.options)


def prunes_first(situation: Situation, operation: Operation) -> bool:
    """Whether prunes come before the applies."""
    return is_prune_first(policy_of(situation, operation))


def proves_everything(situation: Situation) -> bool:
    """Whether all of it is to happen or nothing: hooks may do what no apply undoes, approvals are for the whole."""
    policy = situation.application.sync_policy
    return bool(situation.hooks or policy.approval or policy.atomic)


def unproven(situation: Situation, operation: Operation) -> list[Change]:
    """What a dry run proves before the next write, all at once: whatever comes later and would leave a sync half done.

    What is next to be written is its own proof. Objects whose Namespace or CRD comes in this sync are proven once that
    is there. The way back from a failure goes as far as it can, so nothing of it is proven.
    """
    if operation.cursor.phase not in _BEFORE_THE_END or undoes(operation):
        return []
    ahead = _ahead(situation, operation)
    if not proves_everything(situation):
        soonest = min((place for _, place in ahead), default=(0.0, 0))
        ahead = [(change, place) for change, place in ahead if place > soonest]
    changes = [change for change, _ in ahead]
    if operation.cursor.phase is not Phase.PRUNE or prunes_first(situation, operation):
        changes += unproven_hooks(situation, operation)
    is_judged, known = _judged(situation), situation.hints.validated
    return [change for change in changes if change.key not in known and is_judged(change.key)]


def _ahead(situation: Situation, operation: Operation) -> list[tuple[Change, tuple[float, int]]]:
    """What is to be written from the cursor on, and where on the way."""
    applies = [(change, Cursor(Phase.SYNC, wave)) for change, wave in with_waves(situation.changes)]
    deletes = [(change, Cursor(Phase.PRUNE, wave)) for change, wave in doomed(situation.changes) if operation.prune]
    first = prunes_first(situation, operation)
    here = place_of(operation.cursor, prune_first=first)
    placed = [(change, place_of(stop, prune_first=first)) for change, stop in (*applies, *deletes)]
    return [(change, place) for change, place in placed if change.action is not Action.NONE and place >= here]


def _judged(situation: Situation) -> Callable[[ResourceKey], bool]:
    """Whether the server can judge an object now: its kind is served, and its namespace there."""
    to_come = {change.key.name for change in situation.remarkable if _is_namespace_to_come(change)}
    nowhere = unserved(situation)
    return lambda key: key.namespace not in to_come and key.group_kind not in nowhere


def _is_namespace_to_come(change: Change) -> bool:
    return (
        change.key.group_kind == ("", "Namespace")
        and change.desired is not None
        and (change.live is None or change.live.is_going)
    )


def unserved(situation: Situation) -> frozenset[GroupKind]:
    """The kinds that take no object: those that are yet to come, and those whose CRD is on its way out."""
    unknown = (kind for kind, status in situation.kinds.items() if status.state is KindState.UNKNOWN)
    going = (
        change.desired for change in situation.remarkable if change.why is Why.GOING and change.desired is not None
    )
    return frozenset([*unknown, *(kind for kind in map(kind_defined, going) if kind is not None)])


def validation(changes: Iterable[Change], policy: SyncPolicy) -> Step:
    """The dry runs of what becomes of these objects."""
    return Step((tuple(_dry_run(change, policy) for change in changes),))


def _dry_run(change: Change, policy: SyncPolicy) -> Task:
    if change.action is Action.PRUNE:
        return replace(prune_task(change, policy), kind=TaskKind.VALIDATE)
    return write_task(change, policy, TaskKind.VALIDATE)


def reviewed(situation: Situation, operation: Operation, step: Step) -> Step:
    """The step, after the question whether the account may do all that the sync will do, where that is not known."""
    account = account_of(situation.application)
    needs = _needs(situation, operation) if account is not None and step.groups else ()
    if account is None or not needs:
        return step
    return Step(((Task(TaskKind.REVIEW, account, "v1", needs=needs),), *step.groups))


def _needs(situation: Situation, operation: Operation) -> tuple[Need, ...]:
    policy = policy_of(situation, operation)
    changes = (change for change in situation.remarkable if change.action is not Action.NONE)
    found = [_need(change, policy) for change in changes if change.action is not Action.PRUNE or operation.prune]
    found += map(_need_of_hook, situation.hooks)
    is_judged, known = _judged(situation), situation.hints.reviewed
    return tuple(need for need in found if need.key not in known and is_judged(need.key))


def _need(change: Change, policy: SyncPolicy) -> Need:
    task = prune_task(change, policy) if change.action is Action.PRUNE else write_task(change, policy)
    is_new = {"create"} if task.kind is TaskKind.APPLY and change.live is None else set()
    is_read = {"get"} if task.uid and (task.migrates or task.care.previous or task.care.ignored) else set()
    return Need(task.key, task.api_version, _VERBS[task.kind] | is_new | is_read)


def _need_of_hook(hook: Resource) -> Need:
    """Its object is made in each sync, and deleted after it or before the next one."""
    key = hook.key._replace(name="") if is_generated(hook) else hook.key
    return Need(key, hook.api_version, _OF_HOOKS)
