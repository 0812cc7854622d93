"""The hooks of a deletion: PreDelete before anything is pruned, PostDelete when everything is gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from gitops_operator.model.application import REFRESH, Application
from gitops_operator.model.change import Change
from gitops_operator.model.hooks import SKIP_DELETE_HOOKS, Run, hooks_in, run_of
from gitops_operator.model.live import LiveObject
from gitops_operator.model.operation import DELETION, Cursor, HookStatus, Operation, OperationPhase, Phase
from gitops_operator.model.parsing import parse_time
from gitops_operator.model.resource import HOOK_RUN, GroupKind, ResourceKey
from gitops_operator.model.revision import Revision
from gitops_operator.model.step import Step, TaskKind
from gitops_operator.plan.confirmation import annotate
from gitops_operator.plan.hooks import claimed, failures, hook_stop, hook_stops, is_left_over, leftovers, noted, removal
from gitops_operator.plan.order import in_order, in_reverse_order
from gitops_operator.plan.progress import errors_in, in_words
from gitops_operator.plan.remains import DeletionPlan, LastHooks, Remains, deletion_of
from gitops_operator.plan.situation import Situation
from gitops_operator.plan.tasks import prune_task, write_task
from gitops_operator.plan.waves import Pending, first_of

_NAMESPACE = GroupKind("", "Namespace")
_NOTHING = Step()
_PRUNES = Cursor(Phase.PRUNE, 0)


def skips_hooks(application: Application) -> bool:
    """Whether a user has given the hooks of the deletion up."""
    return application.annotations.get(SKIP_DELETE_HOOKS, "false") != "false"


def needs_hooks(application: Application) -> bool:
    """Whether hooks of the deletion are still to run, if there are any."""
    operation = deletion_of(application)
    is_done = operation is not None and operation.phase is OperationPhase.SUCCEEDED
    return application.cascades and not skips_hooks(application) and not is_done


def how_to_skip(application: Application) -> str:
    """The way on without hooks."""
    return f"To delete without the hooks: {annotate(application, SKIP_DELETE_HOOKS + '=true')}"


def hooks_step(application: Application, remains: Remains, hooks: LastHooks) -> DeletionPlan | None:
    """What the hooks need now; None when it is the turn of the objects, or of none."""
    operation, situation = deletion_of(application), _situation(application, remains, hooks)
    if operation is None:
        return _begun(situation)
    if operation.phase is OperationPhase.FAILED:
        return _held(situation, operation)
    if application.request is not None and application.request.terminate:
        return _failed(situation, operation, "Terminated.")
    if operation.cursor.phase is Phase.PRUNE:
        return None
    return _run(situation, operation)


def _situation(application: Application, remains: Remains, hooks: LastHooks) -> Situation:
    return Situation(
        application=application,
        now=hooks.now,
        revision=Revision(hooks.revision),
        inputs="",
        newest_inputs="",
        hooks=hooks.hooks,
        objects=hooks.objects,
        outcomes=tuple(remains.outcomes),
        new_id=hooks.new_id,
    )


def _begun(situation: Situation) -> DeletionPlan:
    now = situation.now.isoformat()
    first = [*hook_stops(situation, Phase.PRE_DELETE), _PRUNES][0]
    operation = Operation(
        id=situation.new_id,
        trigger=DELETION,
        phase=OperationPhase.RUNNING,
        revisions=(situation.revision.sha,),
        inputs="",
        cursor=first,
        started_at=now,
        progressed_at=now,
    )
    return DeletionPlan(message="The hooks of the deletion begin.", operation=operation)


def _run(situation: Situation, operation: Operation) -> DeletionPlan:
    """The hooks at the cursor; each outcome is in status before anything else happens."""
    refused = [error for error in errors_in(situation) if not error.transient]
    if refused:
        return _failed(situation, operation, in_words(refused))
    heard = noted(situation, operation)
    if heard is not operation:
        heard = replace(heard, progressed_at=situation.now.isoformat())
        return _waiting(situation, replace(operation, hooks=heard.hooks, progressed_at=heard.progressed_at))
    stop, failed = hook_stop(situation, operation), failures(operation, operation.cursor.phase)
    pending = [item for item in stop.pending if item.is_written] if failed else list(stop.pending)
    if not pending:
        return _failed(situation, operation, "\n".join(failed)) if failed else _moved_on(situation, operation)
    if _times_out(situation, operation):
        timeout = situation.application.sync_policy.timeout
        return _failed(situation, operation, f"No progress for {timeout:g} s: {_in_words(pending)}")
    conflicts = claimed(situation)
    step = _NOTHING if failed or conflicts else _step(situation, stop.to_write)
    return _waiting(situation, operation, step, "\n".join(conflicts) or _in_words(pending))


def _times_out(situation: Situation, operation: Operation) -> bool:
    since = parse_time(operation.progressed_at or operation.started_at)
    return situation.now >= since + timedelta(seconds=situation.application.sync_policy.timeout)


def _in_words(pending: Sequence[Pending]) -> str:
    return f"{first_of([item.words for item in pending])}."


def _waiting(
    situation: Situation, operation: Operation, step: Step = _NOTHING, words: str = "The hooks of the deletion run."
) -> DeletionPlan:
    trouble = in_words(errors_in(situation))
    message = "\n".join(filter(None, (words, trouble, how_to_skip(situation.application))))
    return DeletionPlan(step, message=message, operation=operation)


def _step(situation: Situation, changes: Sequence[Change]) -> Step:
    policy = situation.application.sync_policy
    applies = [write_task(change, policy, TaskKind.APPLY) for change in changes if change.desired is not None]
    deletes = [prune_task(change, policy) for change in changes if change.desired is None]
    return Step((*in_reverse_order(deletes), *in_order(applies)))


def _failed(situation: Situation, operation: Operation, message: str) -> DeletionPlan:
    request, generation = situation.application.request, situation.application.generation
    failed = replace(operation, phase=OperationPhase.FAILED, message=message, finished_at=situation.now.isoformat())
    if request is not None and request.terminate:
        failed = replace(failed, request=request.digest, request_generation=generation)
    return DeletionPlan(message=_how_to_go_on(situation, message), operation=failed)


def _how_to_go_on(situation: Situation, message: str) -> str:
    again = annotate(situation.application, f"{REFRESH}=normal --overwrite")
    return f"{message}\nTo run again what failed: {again}\n{how_to_skip(situation.application)}"


def _held(situation: Situation, operation: Operation) -> DeletionPlan:
    """Nothing goes on by itself; asked to look again, what failed goes and runs anew."""
    policy, application = situation.application.sync_policy, situation.application
    if not application.refresh:
        left = [prune_task(change, policy) for change in leftovers(situation)]
        return DeletionPlan(
            Step(in_reverse_order(left)), message=_how_to_go_on(situation, operation.message), operation=operation
        )
    succeeded = tuple(record for record in operation.hooks if record.status is HookStatus.SUCCEEDED)
    keys = {record.key for record in succeeded if record.phase is operation.cursor.phase}
    unwanted = [live for live in _of_phase(situation, operation) if live.key not in keys]
    if unwanted:
        step = Step(in_reverse_order(prune_task(removal(live), policy) for live in unwanted if not live.is_going))
        names = first_of([str(live.key) for live in unwanted])
        return DeletionPlan(step, message=f"Waits for what failed to be gone: {names}.", operation=operation)
    again = replace(
        operation,
        phase=OperationPhase.RUNNING,
        hooks=succeeded,
        message="",
        finished_at="",
        attempts=operation.attempts + 1,
        progressed_at=situation.now.isoformat(),
    )
    return _waiting(situation, again)


def _of_phase(situation: Situation, operation: Operation) -> Iterator[LiveObject]:
    run, ours = Run(operation.id, operation.cursor.phase), situation.application.key
    for live in situation.objects.values():
        if run_of(live.annotations) == run and live.tracking is not None and live.tracking.application == ours:
            yield live


def objects_are_gone(application: Application, remains: Remains, hooks: LastHooks) -> DeletionPlan:
    """The hooks that come after the prunes are next, or all is done but what they leave."""
    operation = deletion_of(application)
    assert operation is not None  # noqa: S101 - while there are hooks to run, nothing is pruned before it has begun
    return _moved_on(_situation(application, remains, hooks), operation)


def _moved_on(situation: Situation, operation: Operation) -> DeletionPlan:
    stops = [*hook_stops(situation, Phase.PRE_DELETE), _PRUNES, *hook_stops(situation, Phase.POST_DELETE)]
    following = [stop for stop in stops if _place(stop) > _place(operation.cursor)]
    now = situation.now.isoformat()
    if not following:
        done = replace(operation, phase=OperationPhase.SUCCEEDED, finished_at=now)
        return DeletionPlan(message="The hooks of the deletion are done.", operation=done)
    return _waiting(situation, replace(operation, cursor=following[0], progressed_at=now))


_ORDER = {phase: place for place, phase in enumerate((Phase.PRE_DELETE, Phase.PRUNE, Phase.POST_DELETE))}


def _place(cursor: Cursor) -> tuple[int, int]:
    return _ORDER[cursor.phase], cursor.wave


def spared(application: Application, remains: Remains) -> frozenset[ResourceKey]:
    """What the prunes leave: the namespaces that hooks are yet to run in; in the end the objects of hooks that stay."""
    operation, hooks = deletion_of(application), remains.hooks
    if hooks is not None:
        needed = {hook.key.namespace for hook in hooks_in(hooks.hooks, frozenset({Phase.POST_DELETE}))}
        return frozenset(one.key for one in remains.objects if one.key[:2] == _NAMESPACE and one.key.name in needed)
    if operation is None or skips_hooks(application):
        return frozenset()
    own = (one for one in remains.objects if one.annotations.get(HOOK_RUN, "").startswith(f"{operation.id}/"))
    return frozenset(one.key for one in own if not is_left_over(one, operation))
