"""The way of each commit, measured once for each Application: detected, applied, healthy."""

from dataclasses import replace
from typing import Any

import pytest

from gitops_operator.metrics import Metrics
from gitops_operator.model.application import Automated
from gitops_operator.model.gate import Gate, GateReason
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.operation import Operation
from gitops_operator.model.revision import Revision
from gitops_operator.tallies import Tallies
from gitops_operator.view import NOTHING_DONE
from tests.unit.plan.situations import APP, after, application, failed, missing, operation, settled, succeeded
from tests.unit.status.observations import observation

FIRST, SECOND, THIRD = "1" * 40, "2" * 40, "3" * 40
PROGRESSING = Health(HealthStatus.PROGRESSING)
OUT_OF_SYNC = missing()
COMMITTED = {FIRST: -1000.0, SECOND: -7.0, THIRD: -3.0}
STATUS = {"history": [{"id": 1, "operation": "op0", "revisions": [FIRST]}], "sync": {"revisions": [FIRST]}}


class Way:
    """One Application at the first commit; times in seconds after NOW."""

    def __init__(self, **more: Any) -> None:
        self.metrics, self.time, self.more = Metrics(), 0.0, more
        self.tallies = Tallies(self.metrics, lambda: after(self.time).timestamp())
        self.tallies.lead(leads=True)
        self.stored: Operation | None = succeeded(id="op0", revisions=(FIRST,))

    def committed_at(self, sha: str) -> float:
        return after(COMMITTED[sha]).timestamp()

    def detected(self, sha: str, time: float | None = None) -> None:
        self.time = self.time if time is None else time
        self.tallies.detected(APP, Revision(sha), self.committed_at(sha))

    def passed(self, sha: str, *changes: Any, operation: Operation | None = None, **more: Any) -> None:
        """A pass that looked at a commit; it leaves the stored operation where none is given."""
        self.time = more.pop("time", self.time)
        left = operation or self.stored
        given = {"status": STATUS, "committed_at": self.committed_at(sha), **self.more, **more}
        seen = observation(*(changes or (settled(),)), operation=left, **given)
        app = replace(seen.application, operation=self.stored)
        self.tallies.passed(
            replace(seen, application=app, revision=Revision(sha, "main"), now=after(self.time)), NOTHING_DONE
        )
        self.stored = left

    def seconds(self, what: str) -> tuple[float | None, float | None]:
        """How often it was measured, and the sum."""
        value = self.metrics.registry.get_sample_value
        return value(f"gitops_{what}_seconds_count"), value(f"gitops_{what}_seconds_sum")

    def counts(self) -> tuple[float | None, ...]:
        return tuple(self.seconds(f"commit_to_{what}")[0] for what in ("detected", "applied", "healthy"))


def at(sha: str, start: float = 0.0, **more: Any) -> dict[str, Any]:
    return {"revisions": (sha,), "started_at": after(start).isoformat(), **more}


def settled_way(**more: Any) -> Way:
    way = Way(**more)
    way.passed(FIRST)
    return way


def test_a_commit_is_measured_from_its_time_at_each_station() -> None:
    way = settled_way()
    way.detected(SECOND, 1)
    way.passed(SECOND, OUT_OF_SYNC, operation=operation(**at(SECOND, 1)), time=1)
    way.passed(SECOND, operation=succeeded(**at(SECOND, 1)), health=PROGRESSING, time=4)
    way.passed(SECOND, time=10)
    way.passed(SECOND, time=20)
    assert way.seconds("commit_to_detected") == (1, 8)
    assert way.seconds("commit_to_applied") == (1, 11)
    assert way.seconds("commit_to_healthy") == (1, 17)


def test_the_operator_s_own_share_is_measured_from_the_detection() -> None:
    way = settled_way()
    way.detected(SECOND, 1)
    way.passed(SECOND, operation=succeeded(**at(SECOND, 1)), health=PROGRESSING, time=4)
    way.passed(SECOND, time=10)
    assert way.seconds("detected_to_applied") == (1, 3)
    assert way.seconds("detected_to_healthy") == (1, 9)


def test_a_pass_that_is_run_again_measures_nothing_twice() -> None:
    way = settled_way()
    way.detected(SECOND)
    stored = way.stored
    for _ in range(2):  # the status was refused
        way.stored = stored
        way.passed(SECOND, operation=succeeded(**at(SECOND)))
    assert way.counts() == (1, 1, 1)


def test_a_commit_that_is_told_of_twice_is_detected_once() -> None:
    way = settled_way()
    way.detected(SECOND)
    way.detected(SECOND)
    assert way.counts() == (1, 0, 0)


def test_a_commit_with_nothing_to_do_is_applied_as_soon_as_it_was_looked_at() -> None:
    way = settled_way()
    way.detected(SECOND)
    way.passed(SECOND)
    assert way.counts() == (1, 1, 1)


def test_a_commit_that_changes_nothing_of_the_render_is_applied_as_soon_as_it_was_looked_at() -> None:
    way = settled_way()
    way.detected(SECOND)
    way.passed(FIRST, committed_at=way.committed_at(SECOND))
    assert way.counts() == (1, 1, 1)


def test_a_commit_is_not_applied_while_its_sync_runs_or_has_failed() -> None:
    way = settled_way()
    way.detected(SECOND)
    way.passed(SECOND, OUT_OF_SYNC, operation=operation(**at(SECOND)))
    way.passed(SECOND, OUT_OF_SYNC, operation=failed(**at(SECOND)))
    assert way.counts() == (1, 0, 0)


def test_a_retry_delivers_the_commit() -> None:
    way = settled_way()
    way.detected(SECOND)
    way.passed(SECOND, OUT_OF_SYNC, operation=failed(**at(SECOND)))
    way.passed(SECOND, operation=succeeded(**at(SECOND, 60, id="op2", trigger="retry")), time=61)
    assert way.seconds("commit_to_applied") == (1, 68)


def test_a_commit_that_came_during_a_sync_waits_for_its_own() -> None:
    way = settled_way()
    way.detected(SECOND)
    way.passed(SECOND, OUT_OF_SYNC, operation=operation(**at(SECOND)))
    way.detected(THIRD, 2)
    way.passed(SECOND, OUT_OF_SYNC, operation=succeeded(**at(SECOND)), time=3)
    assert way.counts() == (2, 1, 1)
    way.passed(THIRD, operation=succeeded(**at(THIRD, 3, id="op2")), time=4)
    assert way.counts() == (2, 2, 2)


def test_commits_that_one_sync_brings_together_are_each_measured() -> None:
    way = settled_way()
    way.detected(SECOND)
    way.detected(THIRD)
    way.passed(THIRD, operation=succeeded(**at(THIRD, 1)), time=2)
    assert way.seconds("commit_to_applied") == (2, 9 + 5)


def test_a_sync_at_a_later_commit_that_does_not_concern_the_application_brings_those_before() -> None:
    way = settled_way()
    way.detected(SECOND)
    way.passed(SECOND, OUT_OF_SYNC, gate=Gate(GateReason.KIND_NOT_READY, "Words."))
    way.passed(THIRD, operation=succeeded(**at(THIRD, 5)), time=6)
    assert way.counts() == (1, 1, 1)


def test_a_sync_without_a_new_commit_measures_nothing() -> None:
    way = settled_way()
    way.passed(FIRST, operation=succeeded(**at(FIRST)))
    assert way.counts() == (0, 0, 0)


def test_a_branch_that_is_set_back_is_no_delivery() -> None:
    way = Way()
    way.passed(THIRD)
    way.detected(SECOND)
    assert way.counts() == (0, 0, 0)


def test_a_rollback_to_a_named_revision_brings_no_commit() -> None:
    way = settled_way()
    way.detected(SECOND)
    way.passed(SECOND, OUT_OF_SYNC, operation=succeeded(**at(FIRST, pinned=True)))
    assert way.counts() == (1, 0, 0)


@pytest.mark.parametrize(
    "more",
    [{"app": application(automated=Automated(enabled=False))}, {"gate": Gate(GateReason.SUSPENDED, "Words.")}],
    ids=["not automated", "suspended"],
)
def test_where_a_person_decides_when_the_time_is_the_person_s(more: dict[str, Any]) -> None:
    way = settled_way(**more)
    way.detected(SECOND)
    way.passed(SECOND, OUT_OF_SYNC)
    way.passed(SECOND, operation=succeeded(**at(SECOND, trigger="manual")))
    assert way.counts() == (1, 0, 0)


def test_a_first_sync_is_no_delivery() -> None:
    way = Way(status={})
    way.stored = None
    way.passed(FIRST, OUT_OF_SYNC, operation=operation(**at(FIRST)))
    way.passed(FIRST, operation=succeeded(**at(FIRST)))
    assert way.counts() == (0, 0, 0)


def test_a_commit_from_the_future_took_no_time() -> None:
    way = settled_way()
    way.detected(SECOND, -30)
    way.passed(SECOND, operation=succeeded(**at(SECOND, -30)), time=-20)
    assert way.seconds("commit_to_detected") == (1, 0)
    assert way.seconds("commit_to_healthy") == (1, 0)


# --- a process that takes over ---


def test_a_commit_that_came_while_nobody_led_is_measured() -> None:
    way = Way()
    way.passed(SECOND, OUT_OF_SYNC, operation=operation(**at(SECOND)))
    way.passed(SECOND, operation=succeeded(**at(SECOND)), time=1)
    assert way.counts() == (1, 1, 1)


def test_a_sync_that_another_process_began_is_measured_to_its_end() -> None:
    way = Way()
    way.stored = operation(**at(SECOND, -2))
    way.passed(SECOND, OUT_OF_SYNC)
    way.passed(SECOND, operation=succeeded(**at(SECOND, -2)), time=1)
    assert way.counts() == (0, 1, 1)
    assert way.seconds("detected_to_applied") == (1, 3)


def test_a_sync_of_what_was_there_before_is_no_delivery_after_a_restart() -> None:
    way = Way()
    way.passed(FIRST, OUT_OF_SYNC, operation=operation(**at(FIRST)))
    way.passed(FIRST, operation=succeeded(**at(FIRST)))
    assert way.counts() == (0, 0, 0)


def test_a_process_that_does_not_lead_detects_nothing() -> None:
    way = settled_way()
    way.tallies.lead(leads=False)
    way.detected(SECOND)
    assert way.counts() == (0, 0, 0)


def test_what_was_on_its_way_is_forgotten_with_the_lease() -> None:
    way = settled_way()
    way.detected(SECOND)
    way.tallies.lead(leads=False)
    way.tallies.lead(leads=True)
    way.passed(SECOND)
    assert way.counts() == (1, 0, 0)
