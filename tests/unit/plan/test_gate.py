from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gitops_operator.model.application import ApplicationKey, Automated, PruneLimit, Suspend
from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.gate import GateReason
from gitops_operator.plan import Dependency, next_step
from gitops_operator.plan.gate import may_sync
from gitops_operator.plan.prune import exceeds_limit
from tests.unit.plan.situations import (
    ALL_ON,
    NOW,
    after,
    application,
    closed,
    doomed,
    drifted,
    failed,
    missing,
    request,
    resource,
    settled,
    situation,
    succeeded,
    window,
)

MANUAL = {"automated": None}
NO_HEAL = {"automated": Automated(prune=True)}
NO_PRUNE = {"automated": Automated(self_heal=True)}


def reason(*changes: Change, **more: Any) -> GateReason:
    """Parts of the application and of the situation, sorted out by name."""
    of_situation = {
        name: more.pop(name) for name in ("operation", "request", "tracked", "inputs", "dependencies") if name in more
    }
    return may_sync(situation(*changes, app=application(**more), **of_situation)).reason


def test_what_differs_is_synced() -> None:
    assert reason(missing()) is GateReason.OPEN


# Each case has everything wrong that the cases below it have, too: the first closed gate gives the reason.
LACKING = Dependency(ApplicationKey("apps", "db"), None, is_current=True)
CONFLICT, BROKEN, UNKNOWN = closed(Why.CONFLICT), closed(Why.KIND_NOT_READY), closed(Why.KIND_UNKNOWN)
LADDER: list[tuple[GateReason, tuple[Change, ...], dict[str, Any]]] = [
    (GateReason.SUSPENDED, (BROKEN, UNKNOWN, CONFLICT), {"suspend": Suspend(), "problems": ("No.",), **MANUAL}),
    (GateReason.INVALID_SPEC, (BROKEN, UNKNOWN, CONFLICT), {"problems": ("No.",), **MANUAL}),
    (GateReason.DEPENDENCY_NOT_READY, (BROKEN, UNKNOWN, CONFLICT), {"dependencies": (LACKING,), **MANUAL}),
    (GateReason.KIND_NOT_READY, (BROKEN, UNKNOWN, CONFLICT), MANUAL),
    (GateReason.KIND_UNKNOWN, (UNKNOWN, CONFLICT), MANUAL),
    (GateReason.OWNERSHIP_CONFLICT, (CONFLICT, missing(name="b")), {**MANUAL, "operation": failed()}),
    (GateReason.NOTHING_TO_DO, (settled(),), {**MANUAL, "operation": failed()}),
    (GateReason.RETRY_LATER, (missing(),), {**MANUAL, "operation": failed()}),
    (GateReason.NOT_AUTOMATED, (drifted(),), {**MANUAL, "operation": succeeded()}),
    (GateReason.SELF_HEAL_OFF, (drifted(),), {**NO_HEAL, "operation": succeeded()}),
    (GateReason.PRUNE_OFF, (doomed(),), NO_PRUNE),
    (GateReason.WOULD_PRUNE_EVERYTHING, tuple(doomed(name=str(n)) for n in range(11)), {}),
    (
        GateReason.PRUNE_LIMIT_EXCEEDED,
        (settled(), *(doomed(name=str(n)) for n in range(11))),
        {"windows": (window("deny"),)},
    ),
    (GateReason.OUTSIDE_SYNC_WINDOW, (missing(),), {"windows": (window("deny"),)}),
]


@pytest.mark.parametrize("expected, changes, more", LADDER, ids=[str(rung[0]) for rung in LADDER])
def test_the_first_closed_gate_gives_the_reason(
    expected: GateReason, changes: tuple[Change, ...], more: dict[str, Any]
) -> None:
    assert reason(*changes, **more) is expected


def test_a_suspension_ends_by_itself() -> None:
    suspended = application(suspend=Suspend(after(60), "audit"))
    gate = may_sync(situation(missing(), app=suspended))
    assert (gate.reason, gate.until) == (GateReason.SUSPENDED, after(60))
    assert gate.message == "The Application is suspended until 2027-01-31T08:01:00+00:00: audit."
    assert may_sync(situation(missing(), app=suspended, now=after(60))).is_open


def test_a_conflict_names_both_sides_and_stops_all_else() -> None:
    gate = may_sync(situation(closed(Why.CONFLICT, "A belongs to B."), missing(name="other")))
    assert (gate.reason, gate.message) == (GateReason.OWNERSHIP_CONFLICT, "A belongs to B.")


@pytest.mark.parametrize("where", ["object", "application", "request"])
def test_a_kind_that_is_missing_may_be_waited_for(where: str) -> None:
    option = "SkipDryRunOnMissingResource=true"
    change = closed(Why.KIND_UNKNOWN, options=[option] if where == "object" else [])
    app = application(options=frozenset([option] if where == "application" else []))
    asked = request(options=frozenset([option])) if where == "request" else None
    assert may_sync(situation(change, missing(name="b"), app=app, request=asked)).is_open


def test_other_inputs_are_tried_though_the_last_ones_failed() -> None:
    assert reason(missing(), operation=failed(inputs="older")) is GateReason.OPEN


def test_the_same_inputs_are_tried_again_at_their_time() -> None:
    seen = situation(missing(), operation=failed(retry_at=after(5).isoformat()))
    assert may_sync(seen).until == after(5)
    assert may_sync(situation(missing(), operation=failed(retry_at=NOW.isoformat()))).is_open


def test_what_was_given_up_says_so() -> None:
    gate = may_sync(situation(missing(), operation=failed(retry_at="")))
    assert (gate.message, gate.until) == ("The sync failed and is not tried again: No.", None)


@pytest.mark.parametrize("why", [Why.MISSING, Why.DRIFTED])
def test_after_a_sync_what_differs_is_drift(why: Why) -> None:
    change = missing() if why is Why.MISSING else drifted()
    assert reason(change, operation=succeeded(), **NO_HEAL) is GateReason.SELF_HEAL_OFF


def test_drift_stays_drift_after_a_commit_that_does_not_touch_it() -> None:
    assert reason(drifted(), operation=succeeded(inputs="older"), **NO_HEAL) is GateReason.SELF_HEAL_OFF


def test_drift_that_comes_with_a_change_in_git_is_synced_with_it() -> None:
    changes = (drifted(), missing(name="new"))
    assert reason(*changes, operation=succeeded(inputs="older"), **NO_HEAL) is GateReason.OPEN


def test_prunes_that_a_manual_sync_left_are_no_drift() -> None:
    assert reason(settled(), doomed(), operation=succeeded(prune=False), **NO_HEAL) is GateReason.OPEN


@pytest.mark.parametrize("policy", [MANUAL, NO_HEAL, NO_PRUNE])
def test_a_request_opens_what_automation_leaves_closed(policy: dict[str, Any]) -> None:
    assert reason(drifted(), doomed(), operation=succeeded(), request=request(), **policy) is GateReason.OPEN


def test_a_request_is_answered_though_there_is_nothing_to_do() -> None:
    assert reason(settled(), request=request()) is GateReason.OPEN


def test_a_request_without_prune_is_answered_though_there_are_only_prunes() -> None:
    assert reason(settled(), doomed(), request=request(), **MANUAL) is GateReason.OPEN


def test_a_request_does_not_open_a_suspended_application() -> None:
    assert reason(missing(), request=request(), suspend=Suspend()) is GateReason.SUSPENDED


def test_allow_empty_prunes_everything_up_to_the_limit() -> None:
    allowed = {"automated": Automated(prune=True, allow_empty=True)}
    assert reason(doomed(), **allowed) is GateReason.OPEN


def test_the_namespace_of_create_namespace_is_not_what_git_has_left() -> None:
    untracked = replace(resource("Namespace", "web"), owner="")
    namespace = Change(untracked.key, Action.CREATE, Why.MISSING, desired=untracked)
    assert reason(namespace, doomed()) is GateReason.WOULD_PRUNE_EVERYTHING


@pytest.mark.parametrize("changes", [(doomed(),), (settled(), *(doomed(name=str(n)) for n in range(11)))])
def test_who_asks_to_prune_may_prune_everything(changes: tuple[Change, ...]) -> None:
    assert reason(*changes, request=request(prune=True)) is GateReason.OPEN


@pytest.mark.parametrize(
    "doomed_number, tracked, limit, exceeds",
    [
        (10, 10, None, False),
        (6, 11, None, True),
        (5, 10, PruneLimit(number=5), False),
        (6, 100, PruneLimit(number=5), True),
        (1, 4, PruneLimit(percent=25), False),
        (2, 4, PruneLimit(percent=25), True),
        (1, 4, PruneLimit(percent=0), True),
        (4, 4, PruneLimit(percent=100), False),
        (1, 4, PruneLimit(number=0), True),
    ],
)
def test_a_limit_is_a_number_or_a_share(
    doomed_number: int, tracked: int, limit: PruneLimit | None, *, exceeds: bool
) -> None:
    assert exceeds_limit(doomed_number, tracked, limit) is exceeds


def test_an_exceeded_limit_names_up_to_three_objects_and_the_way_out() -> None:
    changes = (settled(), *(doomed(name=f"old-{n}") for n in range(4)))
    gate = may_sync(situation(*changes, app=application(prune_limit=PruneLimit(number=3))))
    assert gate.message == (
        "The sync would prune 4 of 5 objects, more than the limit of 3: ConfigMap web/old-0, ConfigMap web/old-1, "
        "ConfigMap web/old-2 and 1 more. Raise syncPolicy.pruneLimit, or ask for it with operation.sync.prune."
    )


def test_a_closed_gate_says_when_time_may_open_it() -> None:
    plan = next_step(situation(missing(), app=application(suspend=Suspend(NOW + timedelta(hours=1)))))
    assert plan.look_again == NOW + timedelta(hours=1)


def test_all_on_is_automated() -> None:
    assert application(automated=ALL_ON).is_automated
