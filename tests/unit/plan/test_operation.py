"""A sync from its start to its end, pass by pass."""

from dataclasses import replace
from typing import Any

import pytest

from gitops_operator.model.application import Suspend
from gitops_operator.model.change import Why
from gitops_operator.model.gate import Gate, GateReason
from gitops_operator.model.kind import KindState, KindStatus
from gitops_operator.model.operation import Cursor, OperationPhase, Phase
from gitops_operator.model.step import Outcome, Result, TaskKind
from gitops_operator.plan import Hints, Plan, next_step
from tests.unit.plan.situations import (
    DEGRADED,
    HEALTHY,
    NOW,
    PROGRESSING,
    World,
    after,
    application,
    changed,
    closed,
    doomed,
    drifted,
    failed,
    going,
    key,
    missing,
    names,
    operation,
    outcome,
    refused,
    request,
    settled,
    situation,
    succeeded,
    tasks,
)


def phase_of(plan: Plan) -> OperationPhase:
    assert plan.operation is not None
    return plan.operation.phase


def message_of(plan: Plan) -> str:
    assert plan.operation is not None
    return plan.operation.message


def cursor_of(plan: Plan) -> Cursor:
    assert plan.operation is not None
    return plan.operation.cursor


# --- start and end ---


def test_a_sync_begins_with_a_pass_that_writes_nothing() -> None:
    plan = next_step(situation(missing(wave=2), missing(name="later", wave=5)))
    assert plan.step.groups == ()
    assert cursor_of(plan) == Cursor(Phase.SYNC, 2)
    assert (phase_of(plan), plan.look_again) == (OperationPhase.RUNNING, NOW)


def test_an_operation_says_what_it_syncs_and_for_whom() -> None:
    asked = request(revision="v1", prune=True, options=frozenset({"Replace=true"}), initiated_by="ann", retry_limit=2)
    begun = next_step(situation(missing(), request=asked)).operation
    assert begun is not None
    assert (begun.trigger, begun.initiated_by, begun.pinned, begun.prune) == ("manual", "ann", True, True)
    assert (begun.options, begun.retry_limit, begun.request, begun.request_generation) == (
        frozenset({"Replace=true"}),
        2,
        "r1",
        3,
    )


def test_a_request_is_taken_once() -> None:
    taken = succeeded(request="r1", request_generation=3)
    assert next_step(situation(settled(), operation=taken, request=request())).operation == taken


def test_the_same_request_in_a_new_generation_is_another_one() -> None:
    taken = succeeded(request="r1", request_generation=1)
    begun = next_step(situation(settled(), operation=taken, request=request())).operation
    assert begun is not None
    assert begun.id == "op2"


def test_an_automated_sync_remembers_the_request_before_it() -> None:
    taken = succeeded(request="r1", request_generation=3, inputs="older")
    begun = next_step(situation(missing(), operation=taken)).operation
    assert begun is not None
    assert (begun.request, begun.request_generation) == ("r1", 3)


def test_a_sync_of_one_wave_applies_and_ends() -> None:
    world = World([missing(name="a"), missing("Deployment", "b")], application())
    assert world.play() == ["apply a", "apply b"]
    assert world.app.operation is not None
    assert world.app.operation.phase is OperationPhase.SUCCEEDED
    assert world.app.operation.counts.created == 2


def test_a_sync_with_nothing_to_do_ends_at_once() -> None:
    assert World([settled()], application(request=request())).play() == []


def test_what_is_in_sync_is_not_applied() -> None:
    assert World([settled(name="a"), missing(name="b")], application()).play() == ["apply b"]


# --- waves ---


def test_a_wave_waits_for_the_health_of_the_one_before() -> None:
    first = key("Deployment", "first")
    world = World([missing("Deployment", "first"), missing(name="second", wave=1)], application(), {first: PROGRESSING})
    world.play(passes=5)
    assert "apply second" not in world.done
    world.healths[first] = HEALTHY
    world.play()
    assert world.done[-1] == "apply second"


def test_a_waiting_sync_says_for_what() -> None:
    first = key("Deployment", "first")
    changes = (settled("Deployment", "first"), settled(name="second", wave=1))
    plan = next_step(situation(*changes, operation=operation(), healths={first: PROGRESSING}))
    assert plan.gate.reason is GateReason.WAITING
    assert plan.waits_for == "apps/Deployment web/first is Progressing: 0 of 1 ready"


def test_the_last_wave_is_not_waited_for_unless_one_says_so() -> None:
    seen = {"operation": operation(), "healths": {key("Deployment", "web"): PROGRESSING}}
    change = settled("Deployment", "web")
    assert phase_of(next_step(situation(change, **seen))) is OperationPhase.SUCCEEDED
    waiting = next_step(situation(change, app=application(wait=True), **seen))
    assert phase_of(waiting) is OperationPhase.RUNNING


def test_a_pass_writes_one_wave_at_most() -> None:
    changes = (missing(name="a"), missing(name="b", wave=1))
    plan = next_step(situation(*changes, operation=operation(cursor=Cursor(Phase.SYNC, 1))))
    assert names(plan) == [["a"]]


def test_what_drifts_before_the_cursor_is_applied_again() -> None:
    changes = (drifted(name="a"), settled("Deployment", "b", wave=1), missing(name="c", wave=2))
    plan = next_step(
        situation(
            *changes,
            operation=operation(cursor=Cursor(Phase.SYNC, 1)),
            hints=Hints(validated=frozenset({key("ConfigMap", "c")})),
            healths={key("Deployment", "b"): PROGRESSING},
        )
    )
    assert names(plan) == [["a"]]


def test_the_cursor_does_not_go_back_for_it() -> None:
    changes = (drifted(name="a"), settled("Deployment", "b", wave=1))
    plan = next_step(situation(*changes, operation=operation(cursor=Cursor(Phase.SYNC, 1))))
    assert cursor_of(plan) == Cursor(Phase.SYNC, 1)


def test_a_wave_that_has_become_empty_is_passed_over() -> None:
    changes = (settled(name="a"), settled(name="b", wave=7))
    plan = next_step(situation(*changes, operation=operation(cursor=Cursor(Phase.SYNC, 3))))
    assert cursor_of(plan) == Cursor(Phase.SYNC, 7)


def test_a_restart_goes_on_at_the_cursor() -> None:
    world = World([settled(name="a"), missing(name="b", wave=1)], application())
    world.app = replace(world.app, operation=operation(cursor=Cursor(Phase.SYNC, 1)))
    assert world.play() == ["apply b"]


def test_an_object_of_a_kind_that_is_yet_to_come_waits_for_it() -> None:
    widget = key("Widget", "w")
    changes = (missing("CustomResourceDefinition", "widgets.example.com"), missing("Widget", "w"))
    kinds = {widget.group_kind: KindStatus(KindState.UNKNOWN)}
    plan = next_step(situation(*changes, operation=operation(), kinds=kinds))
    assert names(plan) == [["widgets.example.com"]]


def test_an_object_of_a_kind_whose_definition_is_being_deleted_waits_for_the_new_one() -> None:
    spec = {"group": "example.com", "names": {"kind": "Widget"}}
    definition = closed(Why.GOING, kind="CustomResourceDefinition", name="widgets.example.com", spec=spec)
    changes = (definition, missing("Widget", "w"), missing("Widget", "later", wave=1), missing(name="a"))
    plan = next_step(situation(*changes, operation=operation()))
    assert names(plan) == [["a"]]


def test_an_object_that_is_being_deleted_is_waited_for_and_named_with_its_finalizers() -> None:
    gone = closed(Why.GOING, name="a")
    stuck = gone._replace(live=going("ConfigMap", "a", 0, "example.com/hold").live)
    plan = next_step(situation(stuck, missing(name="b"), operation=operation()))
    assert names(plan) == [["b"]]
    assert plan.waits_for.startswith("ConfigMap web/a is being deleted and waits for its finalizers example.com/hold")


# --- prune ---


def test_prunes_come_last_in_reverse_waves_each_gone_before_the_next() -> None:
    changes = [
        missing(name="new"),
        settled(name="keep-1"),
        settled(name="keep-2"),
        settled(name="keep-3"),
        doomed(name="old-0"),
        doomed(name="old-5", wave=5),
    ]
    world = World(changes, application())
    proofs, writes = world.play()[:2], world.done[2:]
    assert writes == ["apply new", "prune old-5", "prune old-0"]
    assert sorted(proofs) == ["validate old-0", "validate old-5"]


def test_prune_first_turns_the_order_round() -> None:
    world = World([missing(name="new"), doomed()], application(options=frozenset({"PruneFirst=true"})))
    assert world.play() == ["validate new", "prune old", "apply new"]


def test_a_prune_waits_until_the_objects_are_gone() -> None:
    here = operation(cursor=Cursor(Phase.PRUNE, 5))
    plan = next_step(situation(settled(), going("ConfigMap", "old", 5, "x/y"), doomed(name="lower"), operation=here))
    assert plan.step.groups == ()
    assert plan.waits_for == "ConfigMap web/old is being deleted and waits for its finalizers x/y"


def test_what_drifts_while_it_prunes_is_applied_first() -> None:
    plan = next_step(situation(drifted(name="a"), doomed(), operation=operation(cursor=Cursor(Phase.PRUNE, 0))))
    assert tasks(plan) == {"a": TaskKind.APPLY}


def test_without_prune_the_objects_stay_and_the_sync_succeeds() -> None:
    world = World([missing(name="new"), doomed()], application(automated=None, request=request()))
    assert world.play() == ["apply new"]


def test_custom_resources_are_gone_before_workloads_and_definitions_go_last() -> None:
    changes = [settled(name=str(n)) for n in range(6)]
    changes += [
        doomed("CustomResourceDefinition", "widgets.example.com"),
        doomed("Namespace", "web"),
        doomed("Deployment", "controller"),
        doomed("Widget", "w"),
    ]
    world = World(changes, application())
    assert world.play() == ["prune w", "prune controller", "prune widgets.example.com", "prune web"]


@pytest.mark.parametrize("kind, name", [("Namespace", "web"), ("CustomResourceDefinition", "widgets.example.com")])
def test_what_others_live_by_outlives_them_whatever_its_wave_says(kind: str, name: str) -> None:
    world = World([settled(), settled(name="b"), doomed(kind, name, wave=9), doomed("Widget", "w")], application())
    assert world.play() == ["prune w", f"prune {name}"]


def test_a_wave_that_nobody_can_read_any_more_counts_as_zero() -> None:
    unreadable = doomed(name="odd", annotations={"gitops-operator.io/sync-wave": "soon"})
    world = World([settled(), settled(name="b"), unreadable], application())
    assert world.play() == ["prune odd"]


# --- validation ---


def test_later_waves_are_proven_before_the_first_write() -> None:
    world = World([missing(name="a"), missing(name="b", wave=1), missing(name="c", wave=2)], application())
    assert world.play() == ["validate b", "validate c", "apply a", "apply b", "apply c"]


def test_all_errors_are_reported_together_and_nothing_is_written() -> None:
    refusals = {name: [refused(key("ConfigMap", name), f"{name} is wrong.", TaskKind.VALIDATE)] for name in ("b", "c")}
    world = World([missing(name="a"), missing(name="b", wave=1), missing(name="c", wave=2)], application())
    world.script = refusals
    assert world.play() == ["validate b", "validate c"]
    assert world.app.operation is not None
    assert world.app.operation.message == "b is wrong.\nc is wrong."


def test_a_single_wave_is_its_own_validation() -> None:
    assert World([missing(name="a"), missing(name="b")], application()).play() == ["apply a", "apply b"]


def test_what_is_in_a_namespace_of_the_same_sync_is_proven_once_that_is_there() -> None:
    changes = [missing("Namespace", "web"), missing(name="b", wave=1), missing(name="c", wave=2)]
    world = World(changes, application())
    assert world.play() == ["apply web", "validate c", "apply b", "apply c"]


def test_a_kind_that_is_not_served_yet_is_proven_later() -> None:
    widget = missing("Widget", "w", wave=1)
    kinds = {widget.key.group_kind: KindStatus(KindState.UNKNOWN)}
    plan = next_step(situation(missing(name="a"), widget, operation=operation(), kinds=kinds))
    assert tasks(plan) == {"a": TaskKind.APPLY}


def test_a_validation_that_fails_for_a_while_is_tried_again_and_holds_the_first_write() -> None:
    world = World([missing(name="a"), missing(name="b", wave=1)], application())
    world.script = {"b": [refused(key("ConfigMap", "b"), "Later.", TaskKind.VALIDATE, transient=True)]}
    plan = world.walk(world.walk())
    assert (world.done, plan.look_again) == (["validate b"], after(1))
    plan = world.walk(plan)
    assert cursor_of(plan) == Cursor(Phase.SYNC, 0)
    world.now = after(1)
    world.play()
    assert world.done == ["validate b", "validate b", "apply a", "apply b"]


@pytest.mark.parametrize("option, kind", [("Force=true", TaskKind.RECREATE), ("Replace=true", TaskKind.REPLACE)])
def test_what_is_not_simply_applied_is_proven_in_its_own_way(option: str, kind: TaskKind) -> None:
    changes = [missing(name="a"), changed("Job", "b", wave=1, options=[option])]
    [proof] = next_step(situation(*changes, operation=operation())).step.tasks
    assert (proof.kind, proof.proves) == (TaskKind.VALIDATE, kind)


def test_a_prune_that_comes_after_writes_is_proven_before_them() -> None:
    world = World([missing(name="new"), settled(name="keep"), doomed(name="old")], application())
    assert world.play() == ["validate old", "apply new", "prune old"]


def test_a_wave_before_which_nothing_is_written_is_its_own_proof_whatever_its_number() -> None:
    world = World([settled(name="a"), missing(name="b", wave=1), missing(name="c", wave=2)], application())
    assert world.play() == ["validate c", "apply b", "apply c"]


def test_a_sync_that_only_prunes_proves_what_goes_last() -> None:
    world = World([settled(), settled(name="b"), doomed(name="old", wave=1), doomed(name="older")], application())
    assert world.play() == ["validate older", "prune old", "prune older"]


# --- failure ---


def test_a_refusal_fails_the_sync_after_the_others_were_tried() -> None:
    world = World([missing(name="a"), missing(name="b"), missing(name="c", wave=1)], application())
    world.script = {"a": [refused(key("ConfigMap", "a"))]}
    assert world.play() == ["validate c", "apply a", "apply b"]
    assert world.app.operation is not None
    assert (world.app.operation.phase, world.app.operation.message) == (OperationPhase.FAILED, "It is refused.")
    assert world.app.operation.counts.failed == 1


def failing(seen: Hints) -> Plan:
    its = key("ConfigMap", "front")
    outcomes = (refused(its, "Not now.", transient=True),)
    return next_step(situation(missing(), operation=operation(), hints=seen, outcomes=outcomes, jitter=0.5))


def test_a_failure_that_may_pass_is_tried_again_later_and_later() -> None:
    plan = failing(Hints())
    waits = []
    for _ in range(7):
        assert plan.hints.not_before is not None
        waits.append((plan.hints.not_before - NOW).total_seconds())
        plan = failing(plan.hints)
    assert waits == [1.05, 2.1, 4.2, 8.4, 16.8, 31.5, 31.5]


def test_meanwhile_nothing_is_written_and_the_words_stay() -> None:
    plan = failing(Hints())
    woken = next_step(situation(missing(), operation=operation(), hints=plan.hints, now=after(0.5)))
    assert woken.step.groups == ()
    assert (woken.waits_for, plan.waits_for) == ("Not now", "Not now")
    assert woken.look_again == plan.hints.not_before


def test_what_others_mended_meanwhile_is_no_trouble_any_more() -> None:
    plan = failing(Hints())
    ill = {key("Deployment", "web"): PROGRESSING}
    changes = (settled(), settled("Deployment", "web"))
    later = next_step(
        situation(
            *changes, app=application(wait=True), operation=operation(), hints=plan.hints, now=after(2), healths=ill
        )
    )
    assert later.waits_for == "apps/Deployment web/web is Progressing: 0 of 1 ready"


def test_the_next_wave_begins_without_the_trouble_of_the_last_one() -> None:
    plan = failing(Hints())
    changes = (settled(), settled(name="b", wave=1))
    moved = next_step(situation(*changes, operation=operation(), hints=plan.hints, now=after(0.5)))
    assert cursor_of(moved) == Cursor(Phase.SYNC, 1)
    assert (moved.hints.failures, moved.hints.not_before, moved.hints.trouble) == (0, None, "")


def test_what_was_written_in_this_pass_is_not_written_again_at_once() -> None:
    gone = outcome(key("ConfigMap", "old"), Result.GONE, TaskKind.PRUNE)
    here = operation(cursor=Cursor(Phase.PRUNE, 0))
    plan = next_step(situation(settled(), doomed(), operation=here, outcomes=(gone,)))
    assert plan.look_again == after(1)
    others = next_step(situation(settled(), doomed(), doomed(name="more"), operation=here, outcomes=(gone,)))
    assert others.look_again == NOW


def test_a_success_forgets_the_failures() -> None:
    plan = failing(Hints())
    good = (outcome(key("ConfigMap", "a")),)
    learned = next_step(situation(settled(name="a"), missing(), operation=operation(), hints=plan.hints, outcomes=good))
    assert (learned.hints.failures, learned.hints.not_before, learned.hints.trouble) == (0, None, "")


def test_a_failure_among_successes_does_not_lose_what_they_taught() -> None:
    its = key("ConfigMap", "a")
    outcomes = (replace(outcome(its), unsettled=True), refused(key("ConfigMap", "b"), transient=True))
    plan = next_step(situation(changed(name="a"), missing(name="b"), operation=operation(), outcomes=outcomes))
    assert plan.hints.unsettled == {(its, "v1:d", "H")}


def test_degraded_for_fifteen_seconds_fails_the_wave() -> None:
    its = key("Deployment", "web")
    changes = (settled("Deployment", "web"), missing(name="later", wave=1))
    proven = Hints(validated=frozenset({key("ConfigMap", "later")}))
    seen: dict[str, Any] = {"operation": operation(), "healths": {its: DEGRADED}}
    plan = next_step(situation(*changes, hints=proven, **seen))
    assert plan.look_again == after(15)
    at_the_end = next_step(situation(*changes, hints=plan.hints, now=after(15), **seen))
    assert message_of(at_the_end) == "apps/Deployment web/web is Degraded: it crashes."


def test_who_recovers_in_time_does_not_fail_for_another() -> None:
    one, two = key("Deployment", "one"), key("Deployment", "two")
    changes = (settled("Deployment", "one"), settled("Deployment", "two"))
    seen: dict[str, Any] = {"operation": operation(), "app": application(wait=True)}
    plan = next_step(situation(*changes, healths={one: DEGRADED, two: HEALTHY}, **seen))
    plan = next_step(
        situation(*changes, healths={one: HEALTHY, two: DEGRADED}, hints=plan.hints, now=after(10), **seen)
    )
    plan = next_step(
        situation(*changes, healths={one: HEALTHY, two: DEGRADED}, hints=plan.hints, now=after(16), **seen)
    )
    assert (phase_of(plan), plan.look_again) == (OperationPhase.RUNNING, after(25))


def waiting(hints: Hints, seconds: float, *changes: Any, **more: Any) -> Plan:
    app = application(wait=True, timeout=60.0)
    return next_step(situation(*changes, app=app, operation=operation(), hints=hints, now=after(seconds), **more))


def test_a_sync_without_progress_gives_up() -> None:
    its = key("Deployment", "web")
    change, ill = settled("Deployment", "web"), {its: PROGRESSING}
    plan = waiting(Hints(), 0, change, healths=ill)
    assert plan.look_again == after(60)
    plan = waiting(plan.hints, 60, change, healths=ill)
    assert message_of(plan) == "No progress for 60 s: apps/Deployment web/web is Progressing: 0 of 1 ready."


def test_an_object_that_becomes_healthy_is_progress_though_another_falls_ill() -> None:
    one, two = key("Deployment", "one"), key("Deployment", "two")
    changes = (settled("Deployment", "one"), settled("Deployment", "two"))
    plan = waiting(Hints(), 0, *changes, healths={one: PROGRESSING, two: HEALTHY})
    plan = waiting(plan.hints, 50, *changes, healths={one: HEALTHY, two: PROGRESSING})
    assert plan.look_again == after(110)


def test_an_object_that_comes_and_goes_is_progress_once() -> None:
    one, two = key("Deployment", "one"), key("Deployment", "two")
    changes = (settled("Deployment", "one"), settled("Deployment", "two"))
    ill, better = {one: PROGRESSING, two: PROGRESSING}, {one: HEALTHY, two: PROGRESSING}
    plan = waiting(Hints(), 0, *changes, healths=ill)
    for seconds, healths in ((10, better), (20, ill), (30, better)):
        plan = waiting(plan.hints, seconds, *changes, healths=healths)
    assert plan.look_again == after(70)


def test_an_object_that_is_applied_is_progress() -> None:
    its = key("Deployment", "web")
    plan = waiting(Hints(), 0, missing("Deployment", "web"))
    plan = waiting(plan.hints, 50, settled("Deployment", "web"), healths={its: PROGRESSING})
    assert plan.look_again == after(110)


def test_an_object_that_is_gone_is_progress() -> None:
    here = operation(cursor=Cursor(Phase.PRUNE, 0))
    app = application(timeout=60.0)
    plan = next_step(situation(going(name="a"), going(name="b"), app=app, operation=here))
    plan = next_step(situation(going(name="b"), app=app, operation=here, hints=plan.hints, now=after(50)))
    assert plan.look_again == after(110)


def test_a_suspended_sync_waits_without_running_out_of_time() -> None:
    suspended = application(suspend=Suspend(), timeout=60.0)
    old = Hints(progressed_at=NOW)
    plan = next_step(situation(missing(), app=suspended, operation=operation(), hints=old, now=after(600)))
    assert plan.gate.reason is GateReason.SUSPENDED
    assert plan.step.groups == ()
    resumed = application(timeout=60.0)
    plan = next_step(situation(missing(), app=resumed, operation=operation(), hints=plan.hints, now=after(601)))
    assert names(plan) == [["front"]]


# --- the newest inputs win ---


def test_a_newer_commit_ends_a_sync_that_waits() -> None:
    seen: dict[str, Any] = {"operation": operation(), "newest_inputs": "i2"}
    ill = {key("Deployment", "web"): PROGRESSING}
    plan = next_step(situation(settled("Deployment", "web"), settled(name="b", wave=1), healths=ill, **seen))
    assert message_of(plan) == "Superseded: there is a newer commit."
    assert plan.operation is not None
    assert plan.operation.retry_at == NOW.isoformat()


def test_a_newer_commit_ends_a_sync_that_fails() -> None:
    outcomes = (refused(key("ConfigMap", "front"), transient=True),)
    plan = next_step(situation(missing(), operation=operation(), newest_inputs="i2", outcomes=outcomes))
    assert message_of(plan) == "Superseded: there is a newer commit."


def test_a_newer_commit_ends_a_sync_between_two_waves() -> None:
    changes = (settled(name="a"), settled(name="b", wave=1))
    plan = next_step(situation(*changes, operation=operation(), newest_inputs="i2"))
    assert message_of(plan) == "Superseded: there is a newer commit."


def test_a_wave_in_the_middle_is_written_first() -> None:
    plan = next_step(situation(missing(), operation=operation(), newest_inputs="i2"))
    assert names(plan) == [["front"]]


@pytest.mark.parametrize(
    "app, more", [(application(), {"pinned": True}), (application(automated=None), {"trigger": "manual"})]
)
def test_a_sync_that_nothing_newer_would_follow_goes_on(app: Any, more: dict[str, Any]) -> None:
    ill = {key("Deployment", "web"): PROGRESSING}
    changes = (settled("Deployment", "web"), settled(name="b", wave=1))
    plan = next_step(situation(*changes, app=app, operation=operation(**more), newest_inputs="i2", healths=ill))
    assert phase_of(plan) is OperationPhase.RUNNING


def test_another_spec_ends_a_sync_at_once() -> None:
    plan = next_step(situation(missing(), operation=operation(inputs="other")))
    assert message_of(plan) == "Superseded: the Application's spec changed."


def test_a_newer_request_ends_the_running_sync() -> None:
    plan = next_step(situation(missing(), operation=operation(), request=request()))
    assert (phase_of(plan), message_of(plan)) == (OperationPhase.FAILED, "Terminated: a newer sync was asked for.")
    again = next_step(situation(missing(), operation=plan.operation, request=request()))
    assert again.operation is not None
    assert (again.operation.id, again.operation.trigger) == ("op2", "manual")


def test_a_terminated_sync_is_not_tried_again() -> None:
    asked = request(terminate=True, initiated_by="ann")
    plan = next_step(situation(missing(), operation=operation(), request=asked))
    assert plan.operation is not None
    assert (plan.operation.message, plan.operation.retry_at) == ("Terminated by ann.", "")
    rest = next_step(situation(missing(), operation=plan.operation))
    assert (rest.gate.reason, rest.look_again) == (GateReason.RETRY_LATER, None)


# --- objects that do not settle ---


def test_an_object_that_is_changed_back_each_time_is_written_less_and_less_often() -> None:
    its = key("ConfigMap", "front")
    plan = next_step(situation(changed(), operation=operation()))
    for _ in range(3):
        assert names(plan) == [["front"]]
        plan = next_step(situation(changed(), operation=operation(), hints=plan.hints, outcomes=(outcome(its),)))
    assert plan.step.groups == ()
    assert plan.look_again == after(2)
    assert phase_of(plan) is OperationPhase.RUNNING


def test_a_fight_over_drift_does_not_hold_the_sync() -> None:
    its = key("ConfigMap", "front")
    plan = Plan(Gate())
    for _ in range(3):
        plan = next_step(situation(drifted(), operation=operation(), hints=plan.hints, outcomes=(outcome(its),)))
    assert phase_of(plan) is OperationPhase.SUCCEEDED


def test_an_apply_that_changes_nothing_is_remembered() -> None:
    its = key("ConfigMap", "front")
    unsettled = Outcome(its, TaskKind.APPLY, Result.UNCHANGED, unsettled=True)
    plan = next_step(situation(drifted(), operation=operation(), outcomes=(unsettled,)))
    assert plan.hints.unsettled == {(its, "v1:d", "H")}


def test_what_an_operation_learned_of_fights_outlives_it() -> None:
    ended = next_step(situation(settled(), operation=operation(), hints=Hints(failures=3, unsettled=frozenset())))
    assert phase_of(ended) is OperationPhase.SUCCEEDED
    assert ended.hints == Hints()


def test_a_failed_sync_is_due_again_at_its_time() -> None:
    begun = next_step(situation(missing(), operation=failed(retry_at=NOW.isoformat(), attempts=2))).operation
    assert begun is not None
    assert (begun.trigger, begun.attempts) == ("retry", 3)
