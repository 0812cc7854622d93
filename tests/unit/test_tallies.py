"""What passes did, as metrics."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gitops_operator.metrics import Metrics
from gitops_operator.model.change import Why
from gitops_operator.model.gate import Gate, GateReason
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.revision import Revision
from gitops_operator.model.step import Result, TaskKind
from gitops_operator.status import Observation
from gitops_operator.tallies import Tallies
from gitops_operator.view import NOTHING_DONE, Done
from tests.unit.plan.situations import (
    APP,
    NOW,
    application,
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

PROGRESSING = Health(HealthStatus.PROGRESSING)


class Board:
    def __init__(self) -> None:
        self.metrics = Metrics()
        self.tallies = Tallies(self.metrics, NOW.timestamp)
        self.tallies.lead(leads=True)

    def passed(self, before: Any, after: Any, *changes: Any, done: Done = NOTHING_DONE, **more: Any) -> Observation:
        """A pass that found one operation and left another."""
        seen = observation(*changes, operation=after, **more)
        seen = replace(seen, application=replace(seen.application, operation=before))
        self.tallies.passed(seen, done)
        return seen

    def value(self, name: str, /, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)

    def syncs(self, trigger: str, phase: str) -> float | None:
        return self.value("gitops_sync_total", trigger=trigger, phase=phase)

    def info(self) -> list[dict[str, str]]:
        (family,) = [found for found in self.metrics.registry.collect() if found.name == "gitops_application_info"]
        return [sample.labels for sample in family.samples]

    def drift(self) -> tuple[float | None, float | None]:
        """Objects that moved away, and corrections."""
        return self.value("gitops_drift_detected_total"), self.value("gitops_drift_corrected_seconds_count")


# --- Applications ---


def test_there_is_one_line_for_each_application_and_it_follows() -> None:
    board = Board()
    board.passed(None, None, drifted())
    board.passed(None, None, settled(), health=PROGRESSING)
    assert board.info() == [
        {
            "namespace": "apps",
            "name": "web",
            "sync": "Synced",
            "health": "Progressing",
            "reason": "Progressing",
            "repository": "https://git.example.com/web.git",
            "revision": "a" * 12,
        }
    ]


@pytest.mark.parametrize(
    "more, reason",
    [
        ({}, "Ready"),
        ({"operation": operation()}, "Syncing"),
        ({"operation": failed(), "changes": (missing(),)}, "SyncFailed"),
        ({"gate": Gate(GateReason.SUSPENDED, "Words."), "changes": (drifted(),)}, "Suspended"),
    ],
    ids=["ready", "syncing", "failed", "suspended"],
)
def test_its_reason_is_that_of_the_condition_ready(more: dict[str, Any], reason: str) -> None:
    board = Board()
    seen = observation(*more.pop("changes", (settled(),)), **more)
    board.tallies.passed(seen, NOTHING_DONE)
    assert board.info()[0]["reason"] == reason


@pytest.mark.parametrize("url", ["https://token@git.example.com/web.git", "https://bot:pass@git.example.com/web.git"])
def test_a_metric_shows_no_credential(url: str) -> None:
    board, app = Board(), application()
    board.passed(None, None, app=replace(app, source=replace(app.source, repo_url=url)))
    assert board.info()[0]["repository"] == "https://git.example.com/web.git"


def test_a_revision_that_is_not_known_yet_is_empty() -> None:
    board = Board()
    board.passed(None, None, revision=None)
    board.passed(None, None, revision=Revision("c" * 40))
    assert [labels["revision"] for labels in board.info()] == ["c" * 12]


def test_an_application_that_is_gone_is_gone_from_the_metrics() -> None:
    board = Board()
    board.passed(None, None, settled(), fights=2)
    board.tallies.forget(APP)
    assert board.info() == []
    assert board.value("gitops_fights", namespace="apps", name="web") is None


def test_what_is_shown_of_applications_goes_with_the_lease() -> None:
    board = Board()
    board.passed(None, None, settled(), fights=2)
    board.tallies.lead(leads=False)
    assert board.info() == []
    assert board.value("gitops_fights", namespace="apps", name="web") is None


def test_a_pass_that_ends_after_the_lease_was_lost_is_not_shown() -> None:
    board = Board()
    board.tallies.lead(leads=False)
    board.passed(None, None, settled())
    assert board.info() == []


def test_fights_are_shown_until_they_are_over() -> None:
    board = Board()
    found = []
    for fights in (0, 2, 0):
        board.passed(None, None, settled(), fights=fights)
        found.append(board.value("gitops_fights", namespace="apps", name="web"))
    assert found == [None, 2, 0]


# --- syncs ---


def test_syncs_are_counted_when_they_end_and_once() -> None:
    board = Board()
    board.passed(None, operation(), missing())
    for _ in range(2):  # the status was refused, the pass is run again
        board.passed(operation(), succeeded(), settled())
    board.passed(succeeded(), succeeded(), settled())
    board.passed(operation(id="op2"), failed(id="op2"), missing())
    assert board.syncs("automated", "Succeeded") == 1
    assert board.syncs("automated", "Failed") == 1


def test_a_request_that_failed_before_it_began_is_counted() -> None:
    board = Board()
    board.passed(succeeded(), failed(id="op2", trigger="manual"), missing())
    assert board.syncs("manual", "Failed") == 1


def test_nothing_is_counted_anew_after_a_restart() -> None:
    board = Board()
    board.passed(succeeded(), succeeded(), settled())
    assert board.syncs("automated", "Succeeded") == 0


@pytest.mark.parametrize("trigger", ["automated", "manual", "retry"])
def test_each_outcome_of_a_sync_is_a_series_from_the_start(trigger: str) -> None:
    assert [Board().syncs(trigger, phase) for phase in ("Succeeded", "Failed")] == [0, 0]


# --- drift ---

FRONT, OTHER = key("ConfigMap", "front"), key("ConfigMap", "other")
BEGAN = NOW - timedelta(seconds=2)


def test_drift_is_counted_and_its_correction_measured() -> None:
    board = Board()
    done = Done((outcome(FRONT), refused(OTHER)), drift={FRONT: (), OTHER: ()}, began=BEGAN)
    board.passed(succeeded(), succeeded(), settled(), done=done)
    assert board.drift() == (2, 1)
    assert board.value("gitops_drift_corrected_seconds_sum") == 2


def test_drift_is_counted_once_however_often_it_is_looked_at() -> None:
    board = Board()
    for _ in range(3):
        board.passed(succeeded(), succeeded(), drifted())
    assert board.drift() == (1, 0)


def test_an_object_that_moves_away_again_is_counted_again() -> None:
    board = Board()
    for change in (drifted(), settled(), drifted()):
        board.passed(succeeded(), succeeded(), change)
    assert board.drift() == (2, 0)


@pytest.mark.parametrize("why", [Why.DRIFTED, Why.MISSING])
def test_drift_is_counted_where_nobody_wants_it_corrected(why: Why) -> None:
    board = Board()
    gate = Gate(GateReason.SELF_HEAL_OFF, "Words.")
    board.passed(succeeded(), succeeded(), drifted()._replace(why=why), gate=gate)
    assert board.drift() == (1, 0)


def test_what_is_new_in_git_has_not_drifted() -> None:
    board = Board()
    board.passed(succeeded(), operation(id="op2"), missing())
    assert board.drift() == (0, 0)


def test_a_correction_that_was_refused_first_is_measured_from_the_detection() -> None:
    board = Board()
    for change, came_of_it, later in ((drifted(), refused(FRONT), 0), (settled(), outcome(FRONT), 30)):
        now = NOW + timedelta(seconds=later)
        done = Done((came_of_it,), drift={FRONT: ()}, began=now)
        board.passed(succeeded(), succeeded(), change, done=done, now=now)
    assert board.drift() == (1, 1)
    assert board.value("gitops_drift_corrected_seconds_sum") == 30


def test_an_object_that_could_not_be_made_again_is_counted_once() -> None:
    board = Board()
    for _ in range(2):
        done = Done((refused(FRONT),), drift={FRONT: ()}, began=NOW)
        board.passed(succeeded(), succeeded(), missing(), done=done)
        board.passed(succeeded(), succeeded(), missing(), gate=Gate(GateReason.RETRY_LATER, "Words."))
    assert board.drift() == (1, 0)


def test_a_look_that_can_tell_nothing_does_not_end_drift() -> None:
    board = Board()
    board.passed(succeeded(), succeeded(), drifted())
    board.passed(succeeded(), succeeded(), pending="Words.")
    board.passed(succeeded(), succeeded(), drifted())
    assert board.drift() == (1, 0)


def test_a_dry_run_corrects_nothing() -> None:
    board = Board()
    done = Done((outcome(FRONT, Result.DIFFERS, TaskKind.VERIFY),), began=NOW)
    board.passed(succeeded(), succeeded(), drifted(), done=done)
    assert board.drift() == (1, 0)
