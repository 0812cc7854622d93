"""May we sync now? One question after the other; the first closed gate gives the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gitops_operator.model.application import Application
from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.gate import Gate, GateReason
from gitops_operator.model.operation import Operation, OperationPhase
from gitops_operator.model.parsing import parse_time
from gitops_operator.plan.fights import in_words, next_heal_at
from gitops_operator.plan.prune import exceeds_limit, limit_in_words
from gitops_operator.plan.situation import Situation

OPEN = Gate()
_NAMED = 3


def may_act(situation: Situation) -> Gate:
    """Whether anything may be written for this Application at all, whatever there is to do."""
    return _first(situation, (_suspended, _invalid))


def may_sync(situation: Situation) -> Gate:
    """Whether a sync may start, or drift be corrected, now."""
    return _first(
        situation,
        (
            _suspended,
            _invalid,
            _kinds_not_ready,
            _kinds_unknown,
            _conflicts,
            _nothing_to_do,
            _tried_already,
            _not_automated,
            _only_drift,
            _only_prunes,
            _prunes_everything,
            _over_prune_limit,
        ),
    )


def _first(situation: Situation, questions: Iterable[Callable[[Situation], Gate]]) -> Gate:
    return next((gate for question in questions if not (gate := question(situation)).is_open), OPEN)


def _suspended(situation: Situation) -> Gate:
    suspend = situation.application.suspend
    if suspend is None or (suspend.until is not None and suspend.until <= situation.now):
        return OPEN
    reason = f": {suspend.reason}" if suspend.reason else ""
    end = f" until {suspend.until.isoformat()}" if suspend.until else ""
    return Gate(GateReason.SUSPENDED, f"The Application is suspended{end}{reason}.", suspend.until)


def _invalid(situation: Situation) -> Gate:
    problems = situation.application.problems
    return Gate(GateReason.INVALID_SPEC, "\n".join(problems)) if problems else OPEN


def _kinds_not_ready(situation: Situation) -> Gate:
    waiting = [change for change in situation.changes if change.why is Why.KIND_NOT_READY]
    if not waiting:
        return OPEN
    kinds = sorted({f"{change.key.group_kind}: {change.message}" for change in waiting})
    return Gate(GateReason.KIND_NOT_READY, f"The cluster cannot say how these kinds are: {'; '.join(kinds)}.")


def _kinds_unknown(situation: Situation) -> Gate:
    unknown = [change for change in situation.changes if change.why is Why.KIND_UNKNOWN and not _may_wait(change)]
    if not unknown:
        return OPEN
    return Gate(
        GateReason.KIND_UNKNOWN,
        f"The cluster does not serve {named(unknown)}. Install the CustomResourceDefinition, correct apiVersion and "
        "kind, or set the sync option SkipDryRunOnMissingResource=true on the object.",
    )


def _may_wait(change: Change) -> bool:
    return change.desired is not None and "SkipDryRunOnMissingResource=true" in change.desired.options


def _conflicts(situation: Situation) -> Gate:
    conflicts = [change for change in situation.changes if change.why is Why.CONFLICT]
    return Gate(GateReason.OWNERSHIP_CONFLICT, "\n".join(change.message for change in conflicts)) if conflicts else OPEN


def _nothing_to_do(situation: Situation) -> Gate:
    if wants_sync(situation) or any(change.action is not Action.NONE for change in situation.changes):
        return OPEN
    return Gate(GateReason.NOTHING_TO_DO)


def _tried_already(situation: Situation) -> Gate:
    operation = situation.application.operation
    if wants_sync(situation) or not has_failed(situation, operation):
        return OPEN
    assert operation is not None  # noqa: S101 - has_failed says so, mypy cannot know
    if not operation.retry_at:
        return Gate(GateReason.RETRY_LATER, f"The sync failed and is not tried again: {operation.message}")
    until = parse_time(operation.retry_at)
    if until <= situation.now:
        return OPEN
    return Gate(GateReason.RETRY_LATER, f"The sync failed and will be tried again: {operation.message}", until)


def _not_automated(situation: Situation) -> Gate:
    if wants_sync(situation) or situation.application.is_automated:
        return OPEN
    return Gate(GateReason.NOT_AUTOMATED, f"Automated sync is off; out of sync: {named(to_do(situation))}.")


def _only_drift(situation: Situation) -> Gate:
    if wants_sync(situation) or not has_synced(situation):
        return OPEN
    drift = healable(situation)
    if not drift:
        return OPEN
    policy = situation.application.sync_policy.automated
    if policy is None or not policy.self_heal:
        return Gate(GateReason.SELF_HEAL_OFF, f"Drift is not corrected, selfHeal is off: {named(drift)}.")
    times = [next_heal_at(situation.hints.fights, change.key) for change in drift]
    waits = [time for time in times if time is not None and time > situation.now]
    if len(waits) < len(drift):
        return OPEN
    return Gate(
        GateReason.FIGHT,
        "\n".join(in_words(change.key, situation.hints.fights[change.key]) for change in drift[:_NAMED]),
        min(waits),
    )


def healable(situation: Situation) -> list[Change]:
    """What self-heal would correct: all that is out of sync, prunes only where pruning is on."""
    return [change for change in to_do(situation) if change.action is not Action.PRUNE or may_prune(situation)]


def _only_prunes(situation: Situation) -> Gate:
    if any(change.action is not Action.PRUNE for change in to_do(situation)) or may_prune(situation):
        return OPEN
    if not to_do(situation):
        return OPEN
    return Gate(GateReason.PRUNE_OFF, f"Git no longer has {named(to_do(situation))}, and pruning is off.")


def _prunes_everything(situation: Situation) -> Gate:
    automated = situation.application.sync_policy.automated
    desired = any(change.desired is not None for change in situation.changes)
    if desired or not prunes(situation) or not may_prune(situation) or _asked_to_prune(situation):
        return OPEN
    if automated is not None and automated.allow_empty:
        return OPEN
    return Gate(
        GateReason.WOULD_PRUNE_EVERYTHING,
        f"Git has no objects left: the sync would prune all {len(prunes(situation))}. Set "
        "syncPolicy.automated.allowEmpty, or ask for it with operation.sync.prune.",
    )


def _over_prune_limit(situation: Situation) -> Gate:
    doomed = prunes(situation)
    limit = situation.application.sync_policy.prune_limit
    if not may_prune(situation) or _asked_to_prune(situation):
        return OPEN
    if not exceeds_limit(len(doomed), situation.tracked, limit):
        return OPEN
    return Gate(
        GateReason.PRUNE_LIMIT_EXCEEDED,
        f"The sync would prune {len(doomed)} of {situation.tracked} objects, more than {limit_in_words(limit)}: "
        f"{named(doomed)}. Raise syncPolicy.pruneLimit, or ask for it with operation.sync.prune.",
    )


def wants_sync(situation: Situation) -> bool:
    """Whether a user asks for a sync that was not yet taken."""
    request = situation.application.request
    return request is not None and not request.terminate and not _is_taken(situation.application)


def is_answered(application: Application) -> bool:
    """Whether the user's request may be removed: status has recorded it, or it asks to terminate what does not run."""
    request, operation = application.request, application.operation
    if request is None:
        return False
    return _is_taken(application) or (request.terminate and (operation is None or not operation.is_running))


def _is_taken(application: Application) -> bool:
    """Whether the user's request, in this generation, is the one that status has recorded."""
    request, operation = application.request, application.operation
    return (
        request is not None
        and operation is not None
        and (request.digest, application.generation) == (operation.request, operation.request_generation)
    )


def _asked_to_prune(situation: Situation) -> bool:
    request = situation.application.request
    return wants_sync(situation) and request is not None and request.prune


def may_prune(situation: Situation) -> bool:
    """Whether a sync that starts now may prune."""
    automated = situation.application.sync_policy.automated
    if wants_sync(situation):
        return _asked_to_prune(situation)
    return automated is not None and automated.enabled and automated.prune


def prunes(situation: Situation) -> list[Change]:
    """The objects that Git no longer has."""
    return [change for change in situation.changes if change.action is Action.PRUNE]


def to_do(situation: Situation) -> list[Change]:
    """The objects that are not as Git wants them and can be mended."""
    return [change for change in situation.changes if change.action is not Action.NONE]


def has_failed(situation: Situation, operation: Operation | None) -> bool:
    """Whether the last operation tried these inputs and failed."""
    return (
        operation is not None
        and operation.phase is OperationPhase.FAILED
        and operation.inputs == situation.inputs
        and bool(to_do(situation))
    )


def has_synced(situation: Situation) -> bool:
    """Whether these inputs were synced: what differs now is drift."""
    operation = situation.application.operation
    return (
        operation is not None and operation.phase is OperationPhase.SUCCEEDED and operation.inputs == situation.inputs
    )


def named(changes: Iterable[Change]) -> str:
    """Up to three objects by name and the number of the rest."""
    everything = list(changes)
    first = ", ".join(str(change.desired or change.key) for change in everything[:_NAMED])
    rest = len(everything) - _NAMED
    return f"{first} and {rest} more" if rest > 0 else first
