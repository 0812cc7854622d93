"""May we sync now? One question after the other; the first closed gate gives the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gitops_operator.model.account import account_of
from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.gate import Gate, GateReason
from gitops_operator.model.kind import KindState, KindStatus
from gitops_operator.model.parsing import parse_time
from gitops_operator.plan.approval import approval_pending
from gitops_operator.plan.confirmation import how_to_confirm
from gitops_operator.plan.dependencies import waits_for
from gitops_operator.plan.fights import after_refusal, in_words, next_heal_at
from gitops_operator.plan.healing import healable, heals, is_asked_for, is_only_drift
from gitops_operator.plan.hold import kept, returns
from gitops_operator.plan.hooks import claimed
from gitops_operator.plan.prune import exceeds_limit, limit_in_words
from gitops_operator.plan.requests import (
    asked_to_prune,
    asks_again,
    has_failed,
    may_prune,
    options_now,
    prunes,
    to_do,
    wants_sync,
)
from gitops_operator.plan.situation import Situation
from gitops_operator.plan.windows import in_words as windows_in_words
from gitops_operator.plan.windows import is_open, opens_at

OPEN = Gate()
_NAMED = 3
_UNKNOWN = KindStatus(KindState.UNKNOWN)
_MAY_WAIT = "SkipDryRunOnMissingResource=true"


def may_act(situation: Situation) -> Gate:
    """Whether anything may be written for this Application at all, whatever there is to do."""
    return _first(situation, (_suspended, _invalid, _account_missing))


def may_sync(situation: Situation) -> Gate:
    """Whether a sync may start, or drift be corrected, now."""
    return _first(
        situation,
        (
            _suspended,
            _invalid,
            _account_missing,
            _dependencies_not_ready,
            _kinds_not_ready,
            _kinds_unknown,
            _conflicts,
            _unconfirmed,
            _not_verified,
            _nothing_to_do,
            _tried_already,
            _not_automated,
            _only_drift,
            _only_prunes,
            _prunes_everything,
            _over_prune_limit,
            _outside_window,
            _unapproved,
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


def _dependencies_not_ready(situation: Situation) -> Gate:
    lacking = "" if returns(situation) else waits_for(situation.dependencies)
    return Gate(GateReason.DEPENDENCY_NOT_READY, lacking) if lacking else OPEN


def _account_missing(situation: Situation) -> Gate:
    """An account that is gone may still have rights: nobody is to write with them."""
    account = account_of(situation.application)
    if account is None or account in situation.objects:
        return OPEN
    if situation.kinds.get(account.group_kind, _UNKNOWN).state is not KindState.READY:
        return OPEN
    return Gate(
        GateReason.ACCOUNT_MISSING,
        f"{account}, in whose name the Application writes (spec.serviceAccountName), does not exist: create it with "
        "the rights it needs, or name another one.",
    )


def _kinds_not_ready(situation: Situation) -> Gate:
    waiting = [change for change in situation.remarkable if change.why is Why.KIND_NOT_READY]
    if not waiting:
        return OPEN
    return Gate(GateReason.KIND_NOT_READY, _sentences(waiting))


def _kinds_unknown(situation: Situation) -> Gate:
    general = options_now(situation)
    unknown = [
        change
        for change in situation.remarkable
        if change.why is Why.KIND_UNKNOWN and change.desired and _MAY_WAIT not in change.desired.options | general
    ]
    if not unknown:
        return OPEN
    return Gate(
        GateReason.KIND_UNKNOWN,
        f"{_sentences(unknown)}\nInstall the CustomResourceDefinition, correct apiVersion and kind, or set the sync "
        f"option {_MAY_WAIT} on the object.",
    )


def _conflicts(situation: Situation) -> Gate:
    conflicts = [change for change in situation.remarkable if change.why is Why.CONFLICT]
    words = [*([_sentences(conflicts)] if conflicts else []), *claimed(situation)]
    return Gate(GateReason.OWNERSHIP_CONFLICT, "\n".join(words)) if words else OPEN


def _sentences(changes: Iterable[Change]) -> str:
    """What is to be said of these objects, a line each; the same sentence once."""
    return "\n".join(sorted({change.message for change in changes}))


def _unconfirmed(situation: Situation) -> Gate:
    """All else is done first; a prune that waits for a person holds nothing else."""
    waiting = [change for change in situation.remarkable if change.why is Why.UNCONFIRMED]
    if not waiting or _nothing_to_do(situation).is_open:
        return OPEN
    if not may_prune(situation):
        return Gate(GateReason.PRUNE_OFF, f"Git no longer has {named(waiting)}, and pruning is off.")
    return Gate(GateReason.AWAITS_CONFIRMATION, f"{_sentences(waiting)}\n{how_to_confirm(situation.application)}")


def _not_verified(situation: Situation) -> Gate:
    doubtful = [change for change in situation.remarkable if change.why is Why.UNVERIFIED]
    if not doubtful or _nothing_to_do(situation).is_open:
        return OPEN
    return Gate(GateReason.NOT_VERIFIED, _sentences(doubtful))


def _nothing_to_do(situation: Situation) -> Gate:
    owes = has_failed(situation, situation.application.operation) or returns(situation)
    if wants_sync(situation) or owes or any(change.action is not Action.NONE for change in situation.remarkable):
        return OPEN
    return kept(situation)


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
    if is_asked_for(situation) or situation.application.is_automated:
        return OPEN
    return Gate(GateReason.NOT_AUTOMATED, f"Automated sync is off; out of sync: {named(to_do(situation))}.")


def _only_drift(situation: Situation) -> Gate:
    drift = healable(situation)
    if not drift or not is_only_drift(situation):
        return OPEN
    policy = situation.application.sync_policy.automated
    if policy is None or not policy.self_heal:
        return Gate(GateReason.SELF_HEAL_OFF, f"Drift is not corrected, selfHeal is off: {named(drift)}.")
    times = [next_heal_at(situation.hints, change.key) for change in drift]
    waits = [time for time in times if time is not None and time > situation.now]
    if len(waits) < len(drift):
        return OPEN
    return _not_healed_yet(situation, drift)._replace(until=min(waits))


def _not_healed_yet(situation: Situation, drift: Iterable[Change]) -> Gate:
    """Why each of these waits: a correction that was refused is worth more words than a fight."""
    hints = situation.hints
    refused = sorted({hints.refused[change.key].message for change in drift if after_refusal(hints, change.key)})
    if refused:
        return Gate(GateReason.RETRY_LATER, "\n".join(["Drift could not be corrected; it is tried again.", *refused]))
    fights = [(change.key, hints.fights[change.key]) for change in drift]
    return Gate(GateReason.FIGHT, "\n".join(in_words(*fight) for fight in fights[:_NAMED]))


def _only_prunes(situation: Situation) -> Gate:
    if any(change.action is not Action.PRUNE for change in to_do(situation)) or may_prune(situation):
        return OPEN
    if not to_do(situation) or wants_sync(situation):  # who asks is answered: the sync ends at once
        return OPEN
    return Gate(GateReason.PRUNE_OFF, f"Git no longer has {named(to_do(situation))}, and pruning is off.")


def _prunes_everything(situation: Situation) -> Gate:
    automated = situation.application.sync_policy.automated
    # The namespace of CreateNamespace is not tracked, and not from Git.
    desired = any(change.desired is not None and change.desired.tracking_id for change in situation.changes)
    if desired or not prunes(situation) or not may_prune(situation) or asked_to_prune(situation):
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
    if not may_prune(situation) or asked_to_prune(situation):
        return OPEN
    if not exceeds_limit(len(doomed), situation.tracked, limit):
        return OPEN
    return Gate(
        GateReason.PRUNE_LIMIT_EXCEEDED,
        f"The sync would prune {len(doomed)} of {situation.tracked} objects, more than {limit_in_words(limit)}: "
        f"{named(doomed)}. Raise syncPolicy.pruneLimit, or ask for it with operation.sync.prune.",
    )


def _outside_window(situation: Situation) -> Gate:
    """Who asked for a sync asked for its retries, too."""
    windows, now = situation.application.sync_policy.windows, situation.now
    manual = wants_sync(situation) or asks_again(situation)
    if not windows or returns(situation) or is_open(windows, now, manual=manual):
        return OPEN
    opens = opens_at(windows, now, manual=manual)
    work = f" Out of sync: {named(to_do(situation))}." if to_do(situation) else ""
    return Gate(GateReason.OUTSIDE_SYNC_WINDOW, f"{windows_in_words(windows, now, opens)}{work}", opens)


def _unapproved(situation: Situation) -> Gate:
    """Corrections change nothing that was not approved before."""
    return OPEN if heals(situation) else approval_pending(situation)


def named(changes: Iterable[Change]) -> str:
    """Up to three objects by name and the number of the rest."""
    everything = list(changes)
    first = ", ".join(str(change.desired or change.key) for change in everything[:_NAMED])
    rest = len(everything) - _NAMED
    return f"{first} and {rest} more" if rest > 0 else first
