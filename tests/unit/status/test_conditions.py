"""What the conditions say, as people and kstatus read them."""

import re
from dataclasses import replace
from typing import Any

import pytest

from gitops_operator.errors import ClusterError, RenderError, SourceError
from gitops_operator.model.change import Change, Why
from gitops_operator.model.gate import Gate, GateReason
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.operation import Cursor, Phase
from gitops_operator.status import Observation
from gitops_operator.status.conditions import WARNINGS
from tests.unit.plan.situations import (
    after,
    application,
    closed,
    doomed,
    drifted,
    failed,
    going,
    live,
    missing,
    operation,
    settled,
    situation,
    succeeded,
)
from tests.unit.status.observations import conditions, observation, said, short

PROGRESSING = Health(HealthStatus.PROGRESSING, "Progressing: apps/Deployment web/web (0 of 1 ready)")
NOT_AUTOMATED = Gate(GateReason.NOT_AUTOMATED, "Automated sync is off.")
RETRY = Gate(GateReason.RETRY_LATER, "The sync failed and will be tried again: No.", after(5))
GIVEN_UP = Gate(GateReason.RETRY_LATER, "The sync failed and is not tried again: No.")


def test_all_is_well() -> None:
    seen = observation(settled(), gate=Gate(GateReason.NOTHING_TO_DO))
    assert said(seen, "Ready") == ("True", "Ready", "Live objects equal main (aaaaaaa).")
    assert said(seen, "Synced") == ("True", "Synced", "Live objects equal main (aaaaaaa).")
    assert short(seen, "Healthy") == ("True", "Healthy")
    assert short(seen, "Reconciling") == ("False", "Idle")
    assert short(seen, "Stalled") == ("False", "Idle")


def test_conditions_are_about_the_generation_that_was_read() -> None:
    seen = observation(settled(), app=application(generation=7))
    assert {item["observedGeneration"] for item in conditions(seen).values()} == {7}


def test_a_running_sync_is_not_ready_and_says_where_it_is() -> None:
    its = operation(cursor=Cursor(Phase.PRUNE, 2))
    seen = observation(settled(), operation=its, waits_for="ConfigMap web/old is being deleted")
    words = ("Syncing", "Prune wave 2: ConfigMap web/old is being deleted.")
    assert (said(seen, "Ready"), said(seen, "Reconciling")) == (("False", *words), ("True", *words))


def test_an_application_that_is_not_healthy_is_not_ready() -> None:
    seen = observation(settled(), health=PROGRESSING)
    assert said(seen, "Ready") == ("False", "Progressing", PROGRESSING.message)
    assert short(seen, "Synced") == ("True", "Synced")


@pytest.mark.parametrize(
    "status, expected",
    [(HealthStatus.SUSPENDED, "True"), (HealthStatus.UNKNOWN, "Unknown"), (HealthStatus.DEGRADED, "False")],
)
def test_health_is_true_where_it_is_as_its_author_wants_it(status: HealthStatus, expected: str) -> None:
    assert short(observation(settled(), health=Health(status, "Why.")), "Healthy") == (expected, status)


def test_what_differs_is_named() -> None:
    seen = observation(*(drifted(name=f"o{number}") for number in range(5)))
    message = "Out of sync: ConfigMap web/o0, ConfigMap web/o1, ConfigMap web/o2 and 2 more."
    assert said(seen, "Synced") == ("False", "OutOfSync", message)


def test_a_closed_gate_gives_the_reason() -> None:
    seen = observation(drifted(), gate=NOT_AUTOMATED)
    assert said(seen, "Ready") == ("False", "NotAutomated", "Automated sync is off.")
    assert short(seen, "Stalled") == ("False", "Idle")


def test_an_object_that_is_stuck_in_its_deletion_is_named_with_its_finalizers() -> None:
    stuck = going("ConfigMap", "old", 0, "x/y")
    seen = observation(settled(), stuck, gate=Gate(GateReason.NOTHING_TO_DO))
    message = "Out of sync: ConfigMap web/old (being deleted; it waits for x/y)."
    assert said(seen, "Synced") == ("False", "OutOfSync", message)


def test_a_desired_one_too() -> None:
    change = closed(Why.GOING)
    change = change._replace(live=live(change.key, deletion_timestamp="2027-01-31T08:00:00Z"))
    assert said(observation(change), "Synced")[2] == "Out of sync: ConfigMap web/front (being deleted)."


def test_objects_that_cannot_be_compared_are_unknown_and_say_why() -> None:
    seen = observation(settled(), closed(Why.KIND_UNKNOWN, "No kind Widget."), gate=Gate(GateReason.NOTHING_TO_DO))
    assert said(seen, "Synced") == ("Unknown", "KindUnknown", "No kind Widget.")
    assert short(seen, "Ready") == ("False", "KindUnknown")


def test_one_that_differs_counts_more_than_one_that_is_unknown() -> None:
    seen = observation(drifted(), closed(Why.KIND_NOT_READY))
    assert said(seen, "Synced") == ("False", "OutOfSync", "Out of sync: ConfigMap web/front.")


def test_what_is_waited_for_is_pending() -> None:
    seen = observation(pending="The repository is being read.", revision=None)
    for kind, status in (("Ready", "False"), ("Reconciling", "True"), ("Synced", "Unknown")):
        assert said(seen, kind) == (status, "Pending", "The repository is being read.")


def test_a_deletion_is_under_way() -> None:
    seen = observation(deleting="ConfigMap web/a is not pruned yet.", revision=None)
    assert said(seen, "Reconciling") == ("True", "Deleting", "ConfigMap web/a is not pruned yet.")
    assert short(seen, "Synced") == ("Unknown", "Deleting")


# --- suspended ---


def test_a_suspension_is_a_condition_of_its_own_and_does_not_make_unready() -> None:
    gate = Gate(GateReason.SUSPENDED, "The Application is suspended: audit.")
    seen = observation(settled(), gate=gate)
    assert said(seen, "Suspended") == ("True", "Suspended", "The Application is suspended: audit.")
    assert short(seen, "Ready") == ("True", "Ready")


def test_without_a_suspension_there_is_no_such_condition() -> None:
    assert "Suspended" not in conditions(observation(settled()))


# --- failures ---


def test_an_error_that_may_pass_does_not_stall() -> None:
    seen = observation(error=ClusterError("no answer"), operation=succeeded())
    assert said(seen, "Ready") == ("False", "ClusterUnavailable", "no answer")
    assert short(seen, "Stalled") == ("False", "Idle")


def test_an_error_that_somebody_must_mend_stalls() -> None:
    seen = observation(error=SourceError("No such branch.", reason="RevisionNotFound"))
    for kind in ("Ready", "Stalled"):
        assert said(seen, kind)[1:] == ("RevisionNotFound", "No such branch.")
    assert short(seen, "Synced") == ("Unknown", "RevisionNotFound")


@pytest.mark.parametrize(
    "reason",
    [
        GateReason.KIND_UNKNOWN,
        GateReason.OWNERSHIP_CONFLICT,
        GateReason.WOULD_PRUNE_EVERYTHING,
        GateReason.PRUNE_LIMIT_EXCEEDED,
    ],
)
def test_a_gate_that_needs_a_person_stalls(reason: GateReason) -> None:
    assert said(observation(drifted(), gate=Gate(reason, "Do it.")), "Stalled") == ("True", reason, "Do it.")


def test_a_failed_sync_that_is_tried_again_does_not_stall() -> None:
    seen = observation(missing(), gate=RETRY, operation=failed())
    assert said(seen, "Ready") == ("False", "SyncFailed", "No.")
    assert short(seen, "Stalled") == ("False", "Idle")


@pytest.mark.parametrize("gate", [Gate(), GIVEN_UP])
def test_a_failed_sync_that_is_not_tried_again_stalls(gate: Gate) -> None:
    seen = observation(missing(), gate=gate, operation=failed(retry_at=""))
    assert said(seen, "Stalled") == ("True", "SyncFailed", "No.")


def test_the_failure_of_an_older_commit_is_past() -> None:
    seen = observation(missing(), gate=NOT_AUTOMATED, operation=failed(retry_at=""))
    assert (short(seen, "Ready"), short(seen, "Stalled")) == (("False", "NotAutomated"), ("False", "Idle"))


def test_a_new_error_counts_more_than_an_old_failure() -> None:
    seen = observation(missing(), error=RenderError(()), operation=failed())
    assert short(seen, "Ready") == ("False", "RenderFailed")


def test_a_correction_that_is_refused_is_said() -> None:
    gate = Gate(GateReason.RETRY_LATER, "Drift could not be corrected; it is tried again.\nNo.", after(2))
    assert said(observation(drifted(), gate=gate, operation=succeeded()), "Ready")[1:] == (gate.reason, gate.message)


# --- laws ---

CASES: dict[str, Observation] = {
    "well": observation(settled()),
    "syncing": observation(missing(), operation=operation()),
    "failed": observation(missing(), operation=failed(), gate=RETRY),
    "given up": observation(missing(), operation=failed(retry_at=""), gate=GIVEN_UP),
    "conflict in a sync": observation(
        missing(), operation=operation(), gate=Gate(GateReason.OWNERSHIP_CONFLICT, "Two want it.")
    ),
    "error in a sync": observation(error=RenderError(()), operation=operation()),
    "suspended in a sync": observation(missing(), operation=operation(), gate=Gate(GateReason.SUSPENDED, "Suspended.")),
    "going": observation(deleting="It goes."),
    "pending": observation(pending="It comes."),
    "pruning off": observation(doomed(), gate=Gate(GateReason.PRUNE_OFF, "Pruning is off.")),
}


@pytest.mark.parametrize("seen", CASES.values(), ids=CASES)
def test_kstatus_is_never_told_two_things(seen: Observation) -> None:
    found = {kind: item["status"] for kind, item in conditions(seen).items()}
    assert (found["Reconciling"], found["Stalled"]) != ("True", "True")
    if "True" in (found["Reconciling"], found["Stalled"]):
        assert found["Ready"] == "False"


@pytest.mark.parametrize("seen", CASES.values(), ids=CASES)
def test_messages_hold_no_time_that_moves_by_itself(seen: Observation) -> None:
    later = replace(seen, now=after(3600))
    first, second = conditions(seen), conditions(later)
    assert {kind: item["message"] for kind, item in first.items()} == {
        kind: item["message"] for kind, item in second.items()
    }


def test_a_condition_keeps_its_time_while_its_status_stays() -> None:
    stored = {"conditions": list(conditions(observation(settled())).values())}
    later = conditions(observation(drifted(), status=stored, now=after(60), health=Health(HealthStatus.HEALTHY)))
    assert later["Healthy"]["lastTransitionTime"] == "2027-01-31T08:00:00Z"
    assert later["Synced"]["lastTransitionTime"] == "2027-01-31T08:01:00Z"


@pytest.mark.parametrize("kind", WARNINGS)
def test_a_warning_is_there_while_it_is_true_and_does_not_make_unready(kind: str) -> None:
    seen = observation(settled(), warnings={kind: "Look."})
    assert said(seen, kind) == ("True", kind, "Look.")
    assert short(seen, "Ready") == ("True", "Ready")
    assert kind not in conditions(observation(settled()))


def test_reasons_are_words_as_kubernetes_wants_them() -> None:
    reasons = {item["reason"] for seen in CASES.values() for item in conditions(seen).values()}
    assert [reason for reason in reasons if not re.fullmatch(r"[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?", reason)] == []


def test_what_the_plan_says_of_a_conflict_reaches_the_status() -> None:
    from gitops_operator.plan import next_step

    change: Change = closed(Why.CONFLICT, "A belongs to B, and C wants it too.")
    plan: Any = next_step(situation(change))
    assert said(observation(change, gate=plan.gate), "Ready")[1:] == ("OwnershipConflict", change.message)
