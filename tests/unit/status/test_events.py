"""What `kubectl describe` tells of a pass."""

from dataclasses import replace
from typing import Any

import pytest

from gitops_operator.model.change import Change, Difference, Why
from gitops_operator.model.gate import Gate, GateReason
from gitops_operator.model.operation import Counts
from gitops_operator.model.step import Outcome, Result, TaskKind
from gitops_operator.status import Event, Observation, deletion_events, events_of, report
from tests.unit.plan.situations import (
    changed,
    drifted,
    failed,
    key,
    missing,
    operation,
    outcome,
    refused,
    settled,
    succeeded,
)
from tests.unit.status.observations import observation

ITS = key("ConfigMap", "front")
DRIFT = {ITS: (Difference(".data.color", "blue", "red", "kubectl-edit"), Difference(".data.size", 1, 2, "helm"))}


def passing(before: Any, after: Any, *changes: Change, **more: Any) -> Observation:
    """A pass that found one operation and left another."""
    seen = observation(*changes, operation=after, **more)
    return replace(seen, application=replace(seen.application, operation=before))


def test_a_sync_that_starts_says_to_what_and_why() -> None:
    events = events_of(passing(None, operation(trigger="manual"), missing()))
    assert events == (Event("Normal", "SyncStarted", "Sync op1 to aaaaaaa started (manual)."),)


def test_a_sync_that_succeeds_says_what_it_did() -> None:
    done = succeeded(counts=Counts(created=2, updated=1, pruned=3))
    message = "Sync op1 to aaaaaaa succeeded: 2 created, 1 updated, 3 pruned."
    assert events_of(passing(operation(), done, settled())) == (Event("Normal", "SyncSucceeded", message),)


def test_a_sync_that_fails_says_why_once() -> None:
    gate = Gate(GateReason.RETRY_LATER, "The sync failed and will be tried again: No.")
    message = "Sync op1 to aaaaaaa failed (0 created, 0 updated, 0 pruned): No."
    failing = passing(operation(), failed(), missing())
    assert events_of(failing) == (Event("Warning", "SyncFailed", message),)
    assert events_of(passing(failed(), failed(), missing(), gate=gate)) == ()


def test_a_sync_that_ends_for_a_newer_one_is_no_warning() -> None:
    ended = failed(message="Superseded: there is a newer commit.")
    [event] = events_of(passing(operation(), ended, settled()))
    assert (event.type, event.reason) == ("Normal", "SyncSuperseded")
    assert event.message.endswith("Superseded: there is a newer commit.")


def test_a_running_sync_is_told_once() -> None:
    assert events_of(passing(operation(), operation(), missing())) == ()


def test_prunes_are_told() -> None:
    pruned = outcome(ITS, Result.PRUNED, TaskKind.PRUNE)
    assert events_of(observation(), [pruned]) == (
        Event("Normal", "Pruned", "Deleted ConfigMap web/front: Git no longer has it."),
    )


def test_many_prunes_of_one_pass_are_told_together() -> None:
    names = [ITS._replace(name=f"c{number:02}") for number in range(40)]
    [event] = events_of(observation(), [outcome(name, Result.PRUNED, TaskKind.PRUNE) for name in names])
    assert event.reason == "Pruned"
    assert event.message.startswith("Deleted ConfigMap web/c00: Git no longer has it. Deleted ConfigMap web/c01")
    assert event.message.endswith("And 37 more objects.")


def test_a_deletion_says_another_reason() -> None:
    pruned = outcome(ITS, Result.PRUNED, TaskKind.PRUNE)
    assert events_of(observation(deleting="It goes."), [pruned])[0].message.endswith(
        "the Application is being deleted."
    )


@pytest.mark.parametrize("given", [outcome(ITS, Result.GONE, TaskKind.PRUNE), refused(ITS, task=TaskKind.PRUNE)])
def test_what_was_not_deleted_is_not_told(given: Outcome) -> None:
    assert events_of(observation(), [given]) == ()


@pytest.mark.parametrize("why, reason", [(Why.ADOPTED, "Adopted"), (Why.HANDED_OVER, "HandedOver")])
def test_adoption_is_told(why: Why, reason: str) -> None:
    before = [changed(why=why)]
    assert [event.reason for event in events_of(observation(), [outcome(ITS)], before=before)] == [reason]
    assert events_of(observation(), [refused(ITS)], before=before) == ()
    assert events_of(observation(), [outcome(ITS, Result.VALID, TaskKind.VALIDATE)], before=before) == ()


def test_corrected_drift_names_fields_and_managers_but_no_values() -> None:
    events = events_of(observation(settled()), [outcome(ITS)], before=[drifted()], drift=DRIFT)
    message = (
        "ConfigMap web/front was changed by helm, kubectl-edit at .data.color, .data.size; it is as Git wants it again."
    )
    assert events == (Event("Normal", "DriftCorrected", message),)


def test_drift_that_could_not_be_corrected_is_not_told_as_corrected() -> None:
    assert events_of(observation(drifted()), [refused(ITS)], before=[drifted()], drift=DRIFT) == ()


def told(seen: Observation) -> list[str]:
    return [event.reason for event in events_of(seen)]


def test_a_gate_that_closes_is_told_once() -> None:
    gate = Gate(GateReason.PRUNE_OFF, "Git no longer has it.")
    seen = observation(drifted(), gate=gate)
    assert told(seen) == ["PruneOff"]
    assert told(replace(seen, application=replace(seen.application, status=report(seen)))) == []


def test_a_suspension_of_what_is_in_sync_is_told_once_too() -> None:
    seen = observation(settled(), gate=Gate(GateReason.SUSPENDED, "Suspended."))
    assert told(seen) == ["Suspended"]
    assert told(replace(seen, application=replace(seen.application, status=report(seen)))) == []


def test_a_long_reason_is_told_once_though_status_cuts_it() -> None:
    seen = observation(drifted(), gate=Gate(GateReason.OWNERSHIP_CONFLICT, "word " * 5000))
    assert told(seen) == ["OwnershipConflict"]
    assert told(replace(seen, application=replace(seen.application, status=report(seen)))) == []


@pytest.mark.parametrize("other", ["other " * 5000, "word " * 5000 + "and more", "word", ""])
def test_other_words_for_the_same_reason_are_told_again(other: str) -> None:
    seen = observation(drifted(), gate=Gate(GateReason.OWNERSHIP_CONFLICT, other))
    stored = {"type": "Synced", "reason": "OwnershipConflict", "message": "wor" + "d" * 100 + "…"}
    expected = ["OwnershipConflict"] if other else []
    assert told(replace(seen, application=replace(seen.application, status={"conditions": [stored]}))) == expected


@pytest.mark.parametrize("reason", [GateReason.NOTHING_TO_DO, GateReason.WAITING, GateReason.NOT_AUTOMATED])
def test_what_is_ordinary_is_not_told(reason: GateReason) -> None:
    assert told(observation(drifted(), gate=Gate(reason, "Words."))) == []


def test_a_refused_correction_is_told() -> None:
    gate = Gate(GateReason.RETRY_LATER, "Drift could not be corrected; it is tried again.\nNo.")
    assert told(observation(drifted(), gate=gate, operation=succeeded(), status={"operation": {}})) == [
        "SyncSucceeded",
        "RetryLater",
    ]


def test_an_event_is_as_short_as_kubernetes_wants_it() -> None:
    events = events_of(passing(operation(), failed(message="x" * 5000), missing()))
    assert len(events[0].message) == 1000


def test_what_stays_behind_is_named() -> None:
    keys = [key("ConfigMap", f"o{number:02}") for number in range(12)]
    assert deletion_events([]) == ()
    assert deletion_events(keys)[0].message.endswith("ConfigMap web/o09 and 2 more.")
