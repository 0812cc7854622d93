"""How operations end, and when failed ones are tried again."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from gitops_operator.errors import ClusterError, Problem, RenderError, SourceError
from gitops_operator.model.application import Application, Automated, Retry
from gitops_operator.model.duration import seconds_of
from gitops_operator.model.operation import Operation, OperationPhase
from gitops_operator.plan import abandoned, next_step, revision_to_retry
from gitops_operator.plan.ending import End, backoff, ended
from tests.unit.plan.situations import (
    ALL_ON,
    NOW,
    SHA,
    after,
    application,
    doomed,
    failed,
    missing,
    operation,
    request,
    settled,
    situation,
    succeeded,
)

NO_HEAL = Automated(prune=True)


def wait(app: Application, jitter: float = 0.0, **more: Any) -> float | None:
    """Seconds until a failed operation is tried again."""
    done = ended(app, operation(**more), End(OperationPhase.FAILED, "No.", NOW, jitter))
    if not done.retry_at:
        return None
    return (datetime.fromisoformat(done.retry_at) - NOW).total_seconds()


def test_waits_double_from_five_seconds_to_three_minutes() -> None:
    waits = [backoff(Retry(), attempts) for attempts in range(1, 9)]
    assert waits == [5, 10, 20, 40, 80, 160, 180, 180]


def test_a_wait_is_spread_but_never_shorter() -> None:
    assert (wait(application()), wait(application(), jitter=1.0)) == (5.0, 5.5)


def test_a_huge_factor_is_no_problem() -> None:
    assert backoff(Retry(factor=1e18), 10**6) == 180


def test_a_duration_is_ten_years_at_most() -> None:
    assert seconds_of("99999999999999999h") == 10 * 365 * 86400
    assert wait(
        application(retry=Retry(duration=seconds_of("99999999999999h"), max_duration=seconds_of("9999999999h")))
    )


def test_a_factor_of_one_waits_the_same_each_time() -> None:
    assert backoff(Retry(duration=7, factor=1), 500) == 7


@pytest.mark.parametrize("attempts, expected", [(5, 80.0), (6, None)])
def test_after_five_retries_it_is_given_up(attempts: int, expected: float | None) -> None:
    assert wait(application(automated=NO_HEAL), attempts=attempts) == expected


def test_with_self_heal_it_is_never_given_up() -> None:
    assert wait(application(automated=ALL_ON), attempts=6) == 300.0


def test_a_limit_of_minus_one_is_for_ever() -> None:
    assert wait(application(automated=NO_HEAL, retry=Retry(limit=-1)), attempts=10**6) == 180.0


def test_a_limit_of_zero_is_one_try() -> None:
    assert wait(application(automated=NO_HEAL, retry=Retry(limit=0))) is None


def test_the_limit_of_a_request_counts_for_it() -> None:
    policy = application(automated=None, retry=Retry(limit=0))
    assert wait(policy, trigger="manual", retry_limit=1) == 5.0


def test_success_has_no_next_try() -> None:
    done = ended(application(), operation(), End(OperationPhase.SUCCEEDED, "", NOW))
    assert (done.retry_at, done.finished_at) == ("", NOW.isoformat())


# --- the sync that a user asked for is tried again as it was asked for ---


def asked(**more: Any) -> Operation:
    given = {"trigger": "manual", "prune": True, "options": frozenset({"Replace=true"}), "initiated_by": "ann"}
    return failed(
        **{**given, "retry_at": NOW.isoformat(), "pinned": True, "request": "r1", "request_generation": 2, **more}
    )


def test_a_retried_request_keeps_what_was_asked_for() -> None:
    changes = (missing(), *(doomed(name=str(n)) for n in range(30)))
    again = next_step(situation(*changes, app=application(automated=None), operation=asked(retry_limit=3))).operation
    assert again is not None
    assert (again.trigger, again.attempts, again.prune, again.pinned) == ("manual", 2, True, True)
    assert (again.options, again.initiated_by, again.retry_limit) == (frozenset({"Replace=true"}), "ann", 3)
    assert (again.request, again.request_generation) == ("r1", 2)


def test_after_its_last_try_an_automated_one_follows() -> None:
    again = next_step(situation(missing(), operation=asked(attempts=6))).operation
    assert again is not None
    assert (again.trigger, again.prune, again.options) == ("retry", True, frozenset())


def test_without_automation_nothing_follows() -> None:
    plan = next_step(situation(missing(), app=application(automated=None), operation=asked(retry_at="")))
    assert plan.operation == asked(retry_at="")


def test_its_commit_is_rendered_until_the_last_try() -> None:
    manual = application(automated=None, operation=asked())
    assert revision_to_retry(manual) == SHA
    assert revision_to_retry(replace(manual, operation=asked(attempts=6))) == ""
    assert revision_to_retry(replace(manual, operation=asked(retry_at=""))) == ""
    assert revision_to_retry(replace(manual, operation=asked(pinned=False))) == ""
    assert revision_to_retry(replace(manual, operation=None)) == ""


def test_an_edit_of_the_spec_is_news() -> None:
    assert revision_to_retry(application(automated=None, operation=asked(), generation=4)) == ""


def test_automation_goes_on_with_the_newest_commit() -> None:
    assert revision_to_retry(application(operation=asked())) == ""


# --- passes that could not even compare ---

GONE = SourceError("The commit is gone.", reason="RevisionGone")
ABSENT = SourceError("There is no such branch.", reason="RevisionNotFound")
AWAY = ClusterError("no answer")


def test_a_commit_that_is_gone_ends_the_sync_of_it() -> None:
    done = abandoned(application(operation=operation()), GONE, NOW, "op2")
    assert done is not None
    assert (done.phase, done.message) == (OperationPhase.FAILED, "The commit is gone.")


def test_a_commit_that_cannot_be_rendered_any_more_makes_room_for_a_newer_one() -> None:
    error = RenderError((Problem("a.yaml", 3, 1, "no"),))
    done = abandoned(application(operation=operation()), error, NOW, "op2")
    assert done is not None
    assert (done.phase, done.message) == (OperationPhase.FAILED, "a.yaml:3:1: no")


def test_any_other_error_leaves_a_running_sync_alone() -> None:
    assert abandoned(application(operation=operation()), ABSENT, NOW, "op2") == operation()


def test_a_request_to_terminate_needs_no_comparison() -> None:
    app = application(operation=operation(), request=request(terminate=True))
    done = abandoned(app, AWAY, NOW, "op2")
    assert done is not None
    assert (done.message, done.request) == ("Terminated.", "r1")


def test_a_request_for_a_revision_that_does_not_exist_has_failed() -> None:
    app = application(operation=succeeded(), request=request(revision="nonsense", initiated_by="ann"))
    done = abandoned(app, ABSENT, NOW, "op2")
    assert done is not None
    assert (done.id, done.phase, done.message) == ("op2", OperationPhase.FAILED, "There is no such branch.")
    assert (done.revisions, done.request, done.request_generation) == (("nonsense",), "r1", 3)


@pytest.mark.parametrize("asks", [None, request()])
def test_what_may_pass_fails_no_request(asks: Any) -> None:
    assert abandoned(application(operation=succeeded(), request=asks), AWAY, NOW, "op2") == succeeded()


def test_a_failed_sync_waits_for_its_time() -> None:
    plan = next_step(situation(missing(), settled(name="b"), operation=failed()))
    assert (plan.operation, plan.look_again) == (failed(), after(5))
