"""Drift outside any operation: correct exactly what moved, and do not fight without end."""

from datetime import datetime

from gitops_operator.model.change import Change, Difference
from gitops_operator.model.gate import Gate, GateReason
from gitops_operator.model.resource import ResourceKey
from gitops_operator.model.step import Result, TaskKind
from gitops_operator.plan import Fight, Hints, Plan, fights_in_words, next_step
from gitops_operator.plan.fights import after_healing
from tests.unit.plan.situations import (
    NOW,
    after,
    application,
    doomed,
    drifted,
    key,
    missing,
    names,
    outcome,
    refused,
    settled,
    situation,
    succeeded,
    tasks,
)

ITS = key("ConfigMap", "front")
OTHER = key("ConfigMap", "other")


def heal(hints: Hints, *changes: Change, now: datetime = NOW, **more: object) -> Plan:
    return next_step(situation(*changes, operation=succeeded(), hints=hints, now=now, **more))


def moved(path: str = ".data.color", manager: str = "kubectl-edit") -> Difference:
    return Difference(path, "blue", "red", manager)


def test_only_what_drifted_is_corrected() -> None:
    plan = heal(Hints(), drifted(), settled(name="other"))
    assert (names(plan), plan.heals, plan.operation) == ([["front"]], True, succeeded())


def test_what_was_deleted_comes_back() -> None:
    assert tasks(heal(Hints(), missing())) == {"front": TaskKind.APPLY}


def test_corrections_go_in_order_and_prunes_in_reverse() -> None:
    plan = heal(Hints(), drifted("Deployment", "d"), drifted(name="c"), settled(), settled(name="e"), doomed())
    assert names(plan) == [["c"], ["d"], ["old"]]


def test_what_moves_during_a_correction_is_corrected_in_the_next_pass() -> None:
    plan = heal(Hints(), settled(), drifted(name="other"), outcomes=(outcome(ITS),))
    assert plan.look_again == NOW


# --- fights ---


def fought(*fields: str, every: float = 1.0) -> Fight:
    """A fight in which these fields were changed, one after the other."""
    fights: dict[ResourceKey, Fight] = {}
    for number, field in enumerate(fields):
        fights = dict(after_healing(fights, {ITS: [moved(field)]}, after(number * every)))
    return fights[ITS]


def waits(fight: Fight) -> float:
    plan = heal(Hints(fights={ITS: fight}), drifted(), now=fight.last)
    return 0.0 if plan.step.groups else (plan.look_again - fight.last).total_seconds() if plan.look_again else -1.0


def test_after_the_second_correction_of_a_field_each_next_one_waits_longer() -> None:
    found = [waits(fought(*[".a"] * times)) for times in range(1, 9)]
    assert found == [0.0, 2.0, 6.0, 18.0, 54.0, 162.0, 300.0, 300.0]


def test_who_changes_one_field_after_the_other_does_not_fight() -> None:
    assert fought(".a", ".b", ".c").times == 1


def test_who_comes_back_to_a_field_fights() -> None:
    assert fought(".a", ".b", ".a").times == 2


def test_a_fight_that_was_calm_for_ten_minutes_is_over() -> None:
    assert fought(".a", ".a", every=600.0).times == 1


def test_the_others_are_corrected_while_one_waits() -> None:
    plan = heal(Hints(fights={ITS: fought(".a", ".a")}), drifted(), drifted(name="other"), now=after(1))
    assert names(plan) == [["other"]]


def test_a_gate_that_waits_for_a_fight_names_both_sides_and_the_field() -> None:
    plan = heal(Hints(fights={ITS: fought(".a", ".a")}), drifted(), now=after(1))
    assert (plan.gate.reason, plan.look_again) == (GateReason.FIGHT, after(3))
    assert plan.gate.message == (
        "kubectl-edit keeps changing .a of ConfigMap web/front back after each correction by gitops-operator; "
        "corrections wait longer each time, up to five minutes. Stop the other writer, or add the fields to "
        "ignoreDifferences."
    )


def test_two_corrections_are_no_reason_for_a_warning() -> None:
    assert fights_in_words({ITS: fought(".a", ".a")}) == ""
    assert fights_in_words({ITS: fought(".a", ".a", ".a")}).startswith("kubectl-edit keeps changing .a of")


def test_a_correction_is_counted_by_what_had_moved() -> None:
    plan = heal(Hints(), settled(), outcomes=(outcome(ITS),), drift={ITS: (moved(),)})
    fight = plan.hints.fights[ITS]
    assert (fight.times, fight.fields, fight.managers) == (1, frozenset({".data.color"}), frozenset({"kubectl-edit"}))


def test_peace_is_noticed_when_nothing_happens() -> None:
    hints = Hints(fights={ITS: fought(".a", ".a")})
    plan = heal(hints, settled(), now=after(10))
    assert plan.look_again == after(601)
    assert heal(hints, settled(), now=after(601)).hints.fights == {}


# --- corrections that are refused ---


def test_a_refused_correction_is_told_and_tried_again_later_and_later() -> None:
    plan, found = Plan(Gate()), []
    for _ in range(7):
        plan = heal(plan.hints, drifted(), outcomes=(refused(ITS, "A webhook is down."),))
        assert plan.look_again is not None
        found.append((plan.look_again - NOW).total_seconds())
    assert found == [2.0, 6.0, 18.0, 54.0, 162.0, 300.0, 300.0]
    assert plan.gate.reason is GateReason.RETRY_LATER
    assert plan.gate.message == "Drift could not be corrected; it is tried again.\nA webhook is down."


def test_a_refused_correction_is_no_fight() -> None:
    assert heal(Hints(), drifted(), outcomes=(refused(ITS),)).hints.fights == {}


def test_a_correction_that_succeeds_at_last_is_forgotten() -> None:
    hints = heal(Hints(), drifted(), outcomes=(refused(ITS),)).hints
    assert heal(hints, settled(), outcomes=(outcome(ITS),)).hints.refused == {}


def test_what_is_not_wanted_any_more_is_forgotten() -> None:
    hints = Hints(
        refused=heal(Hints(), drifted(), outcomes=(refused(ITS),)).hints.refused, unsettled=frozenset({(ITS, "d", "H")})
    )
    plan = heal(hints, settled(name="other"))
    assert (plan.hints.refused, plan.hints.unsettled) == ({}, frozenset())


# --- verification ---


def unverified(number: int) -> list[Change]:
    return [settled(name=f"o{n:02}", unverified=True) for n in range(number)]


def test_objects_that_rest_on_a_guess_are_verified_twenty_a_second() -> None:
    plan = next_step(situation(*unverified(21)))
    assert len(plan.step.tasks) == 20
    assert {task.kind for task in plan.step.tasks} == {TaskKind.VERIFY}
    assert plan.look_again == after(1)


def test_a_verification_that_fails_waits_and_lets_others_go_first() -> None:
    changes = unverified(21)
    outcomes = tuple(refused(change.key, "Down.", TaskKind.VERIFY, transient=True) for change in changes[:20])
    plan = next_step(situation(*changes, outcomes=outcomes))
    assert list(tasks(plan)) == ["o20"]
    rest = next_step(situation(*changes[:20], hints=plan.hints, now=after(1)))
    assert (rest.step.groups, rest.look_again) == ((), after(2))


def test_a_webhook_that_stays_down_is_asked_less_and_less_often() -> None:
    change, hints, found = settled(unverified=True), Hints(), []
    for _ in range(6):
        plan = next_step(
            situation(change, hints=hints, outcomes=(refused(change.key, "Down.", TaskKind.VERIFY, transient=True),))
        )
        hints = plan.hints
        assert plan.look_again is not None
        found.append((plan.look_again - NOW).total_seconds())
    assert found == [2.0, 6.0, 18.0, 54.0, 162.0, 300.0]


def test_a_verification_is_no_correction() -> None:
    plan = heal(Hints(), settled(), outcomes=(outcome(ITS, Result.VERIFIED, TaskKind.VERIFY),))
    assert plan.hints.fights == {}


def test_an_application_without_automation_is_verified_too() -> None:
    plan = next_step(situation(settled(unverified=True), drifted(name="b"), app=application(automated=None)))
    assert tasks(plan) == {"front": TaskKind.VERIFY}
