"""Events and metrics of passes."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gitops_operator.errors import ClusterError
from gitops_operator.metrics import Metrics
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.kind import Kind
from gitops_operator.model.revision import Revision
from gitops_operator.narrator import Storyteller
from gitops_operator.status import Event, Observation
from gitops_operator.view import NOTHING_DONE, Done
from tests.unit.plan.situations import (
    APP,
    NOW,
    SHA,
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

FORMER = {"history": [{"id": 1, "operation": "op0", "revisions": ["b" * 40]}]}
COMMITTED = (NOW - timedelta(seconds=7)).timestamp()
STARTED = Event("Normal", "SyncStarted", "Sync op1 started.")
PROGRESSING = Health(HealthStatus.PROGRESSING)


class Server:
    """Keeps Events as they were applied; `refuses` the first ones."""

    def __init__(self, refuses: int = 0) -> None:
        self.events: dict[str, dict[str, Any]] = {}
        self.requests = 0
        self._refuses = refuses

    async def apply(self, kind: Kind, namespace: str, name: str, body: dict[str, Any], *, force: bool) -> object:
        self.requests += 1
        if self.requests <= self._refuses:
            raise ClusterError("no answer")
        assert (kind.plural, force) == ("events", True)
        self.events[f"{namespace}/{name}"] = body
        return None


class Stage:
    def __init__(self, refuses: int = 0) -> None:
        self.server, self.metrics, self.now = Server(refuses), Metrics(), NOW
        self.teller = Storyteller(self.server, self.metrics, lambda: self.now)

    @asynccontextmanager
    async def runs(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.teller.run())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def told(self, *events: Event) -> list[dict[str, Any]]:
        async with self.runs():
            self.teller.tell(application(), events)
            await self.teller.flush(1.0)
        return list(self.server.events.values())

    def value(self, name: str, /, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)


# --- events ---


async def test_an_event_stands_on_its_application() -> None:
    (event,) = await Stage().told(STARTED)
    assert event["involvedObject"] == {
        "apiVersion": "gitops-operator.io/v1alpha1",
        "kind": "Application",
        "namespace": "apps",
        "name": "web",
        "uid": "uid-web",
    }
    assert (event["type"], event["reason"], event["message"]) == STARTED
    assert (event["count"], event["firstTimestamp"]) == (1, "2027-01-31T08:00:00Z")


async def test_the_same_words_again_only_count() -> None:
    stage = Stage()
    await stage.told(STARTED)
    stage.now += timedelta(seconds=60)
    (event,) = await stage.told(STARTED)
    assert event["count"] == 2
    assert (event["firstTimestamp"], event["lastTimestamp"]) == ("2027-01-31T08:00:00Z", "2027-01-31T08:01:00Z")


async def test_other_words_are_another_event() -> None:
    assert len(await Stage().told(STARTED, STARTED._replace(message="Sync op2 started."))) == 2


async def test_an_application_made_anew_under_its_name_has_events_of_its_own() -> None:
    stage = Stage()
    async with stage.runs():
        for uid in ("one", "two"):
            stage.teller.tell(application(uid=uid), [STARTED])
        await stage.teller.flush(1.0)
    assert len(stage.server.events) == 2


async def test_an_event_that_is_refused_is_lost_and_nothing_else() -> None:
    stage = Stage(refuses=1)
    events = await stage.told(STARTED, STARTED._replace(reason="SyncSucceeded"))
    assert [event["reason"] for event in events] == ["SyncSucceeded"]


async def test_the_name_of_an_event_fits_whatever_the_name_of_the_application() -> None:
    stage = Stage()
    async with stage.runs():
        stage.teller.tell(application(key=APP._replace(name="n" * 253)), [STARTED])
        await stage.teller.flush(1.0)
    (place,) = stage.server.events
    assert len(place.partition("/")[2]) <= 253


async def test_events_are_logged_as_loud_as_they_are(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    Stage().teller.tell(application(), [STARTED, Event("Warning", "SyncFailed", "No.")])
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", "SyncStarted: Sync op1 started."),
        ("WARNING", "SyncFailed: No."),
    ]


async def test_a_server_that_takes_no_events_does_not_hold_the_end(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()
    stage.teller.tell(application(), [STARTED])
    await stage.teller.flush(0.01)
    assert "some Events were not sent" in caplog.text


async def test_too_many_events_are_dropped_with_a_word(caplog: pytest.LogCaptureFixture) -> None:
    Stage().teller.tell(application(), [STARTED] * 1001)
    assert "an Event was dropped" in caplog.text


# --- metrics ---


def passed(stage: Stage, before: Any, after: Any, *changes: Any, done: Done = NOTHING_DONE, **more: Any) -> Observation:
    """A pass that found one operation and left another."""
    given = {"status": FORMER, "committed_at": COMMITTED, **more}
    seen = observation(*changes, operation=after, **given)
    seen = replace(seen, application=replace(seen.application, operation=before))
    stage.teller.passed(seen, done)
    return seen


def info(stage: Stage) -> list[dict[str, str]]:
    (family,) = [found for found in stage.metrics.registry.collect() if found.name == "gitops_application_info"]
    return [sample.labels for sample in family.samples]


def test_there_is_one_line_for_each_application_and_it_follows() -> None:
    stage = Stage()
    passed(stage, None, None, drifted())
    passed(stage, None, None, settled(), health=PROGRESSING)
    assert info(stage) == [
        {
            "namespace": "apps",
            "name": "web",
            "sync": "Synced",
            "health": "Progressing",
            "repository": "https://git.example.com/web.git",
            "revision": "a" * 12,
        }
    ]


@pytest.mark.parametrize("url", ["https://token@git.example.com/web.git", "https://bot:pass@git.example.com/web.git"])
def test_a_metric_shows_no_credential(url: str) -> None:
    stage, app = Stage(), application()
    passed(stage, None, None, app=replace(app, source=replace(app.source, repo_url=url)))
    assert info(stage)[0]["repository"] == "https://git.example.com/web.git"


def test_an_application_that_is_gone_is_gone_from_the_metrics() -> None:
    stage = Stage()
    passed(stage, None, None, settled(), fights=2)
    stage.teller.forget(APP)
    assert info(stage) == []
    assert stage.value("gitops_fights", namespace="apps", name="web") is None


def test_syncs_are_counted_when_they_end_and_once() -> None:
    stage = Stage()
    passed(stage, None, operation(), missing())
    for _ in range(2):  # the status was refused, the pass is run again
        passed(stage, operation(), succeeded(), settled())
    passed(stage, succeeded(), succeeded(), settled())
    passed(stage, operation(id="op2"), failed(id="op2"), missing())
    assert stage.value("gitops_sync_total", trigger="automated", phase="Succeeded") == 1
    assert stage.value("gitops_sync_total", trigger="automated", phase="Failed") == 1


def test_a_request_that_failed_before_it_began_is_counted() -> None:
    stage = Stage()
    passed(stage, succeeded(), failed(id="op2", trigger="manual"), missing())
    assert stage.value("gitops_sync_total", trigger="manual", phase="Failed") == 1


def test_nothing_is_counted_anew_after_a_restart() -> None:
    stage = Stage()
    passed(stage, succeeded(), succeeded(), settled())
    assert stage.value("gitops_sync_total", trigger="automated", phase="Succeeded") is None


def seconds(stage: Stage, what: str) -> tuple[float | None, float | None]:
    name = f"gitops_commit_to_{what}_seconds"
    return stage.value(f"{name}_count"), stage.value(f"{name}_sum")


def test_the_way_of_a_commit_is_measured_to_the_end_of_its_sync_and_to_health() -> None:
    stage = Stage()
    passed(stage, operation(), succeeded(), settled(), health=PROGRESSING)
    assert (seconds(stage, "applied"), seconds(stage, "healthy")) == ((1, 7), (0, 0))
    passed(stage, succeeded(), succeeded(), settled(), now=NOW + timedelta(seconds=10))
    passed(stage, succeeded(), succeeded(), settled(), now=NOW + timedelta(seconds=20))
    assert seconds(stage, "healthy") == (1, 17)


SAME = {"history": [{"id": 1, "operation": "op0", "revisions": [SHA]}]}


@pytest.mark.parametrize(
    "after, more",
    [
        (succeeded(), {"status": {}}),
        (succeeded(), {"status": SAME}),
        (succeeded(pinned=True), {}),
        (failed(), {}),
        (succeeded(), {"committed_at": 0.0}),
    ],
    ids=["first sync", "same commit", "named revision", "failure", "unknown time"],
)
def test_the_age_of_any_other_commit_is_not_measured(after: Any, more: dict[str, Any]) -> None:
    stage = Stage()
    passed(stage, operation(), after, settled(), **more)
    assert (seconds(stage, "applied"), seconds(stage, "healthy")) == ((0, 0), (0, 0))


def test_a_commit_from_the_future_took_no_time() -> None:
    stage = Stage()
    passed(stage, operation(), succeeded(), settled(), committed_at=NOW.timestamp() + 100)
    assert seconds(stage, "applied") == (1, 0)


def test_drift_is_counted_and_its_correction_measured() -> None:
    stage, its, other = Stage(), key("ConfigMap", "front"), key("ConfigMap", "other")
    done = Done((outcome(its), refused(other)), drift={its: (), other: ()}, began=NOW - timedelta(seconds=2))
    passed(stage, succeeded(), succeeded(), settled(), done=done)
    assert stage.value("gitops_drift_detected_total") == 2
    assert stage.value("gitops_drift_corrected_seconds_count") == 1
    assert stage.value("gitops_drift_corrected_seconds_sum") == 2


def test_fights_are_shown_until_they_are_over() -> None:
    stage = Stage()
    found = []
    for fights in (0, 2, 0):
        passed(stage, None, None, settled(), fights=fights)
        found.append(stage.value("gitops_fights", namespace="apps", name="web"))
    assert found == [None, 2, 0]


def test_a_revision_that_is_not_known_yet_is_empty() -> None:
    stage = Stage()
    passed(stage, None, None, revision=None)
    passed(stage, None, None, revision=Revision("c" * 40))
    assert [labels["revision"] for labels in info(stage)] == ["c" * 12]
