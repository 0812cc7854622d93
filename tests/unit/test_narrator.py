"""Events of passes."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from gitops_operator.errors import ClusterError
from gitops_operator.metrics import Metrics
from gitops_operator.model.kind import Kind
from gitops_operator.narrator import Storyteller
from gitops_operator.status import Event
from gitops_operator.tallies import Tallies
from tests.unit.plan.situations import APP, NOW, application

STARTED = Event("Normal", "SyncStarted", "Sync op1 started.")


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
        self.server, self.now = Server(refuses), NOW
        self.teller = Storyteller(self.server, Tallies(Metrics()), lambda: self.now)

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
