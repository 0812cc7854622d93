"""The status stanza: what it holds, and that it stays small."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_operator.errors import GitOpsError, SourceError
from gitops_operator.model.change import Change, Why
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.hold import Held
from gitops_operator.model.operation import Cursor, Phase
from gitops_operator.model.parsing import parse_operation
from gitops_operator.model.resource import ResourceKey
from gitops_operator.model.revision import CommitNote
from gitops_operator.status import Observation, is_urgent, report
from gitops_operator.status.conditions import WARNINGS
from gitops_operator.status.report import operation_stanza
from tests.unit.plan.situations import (
    SHA,
    after,
    application,
    closed,
    doomed,
    drifted,
    failed,
    key,
    operation,
    settled,
    succeeded,
)
from tests.unit.status.observations import observation

DEGRADED = Health(HealthStatus.DEGRADED, "It crashes.")
LIMIT = 64 * 1024


def again(seen: Observation, **more: Any) -> Observation:
    """The same pass over the status that the first one wrote."""
    app = replace(seen.application, status=report(seen), operation=seen.operation)
    return replace(seen, application=app, **more)


def test_the_same_pass_writes_the_same_status() -> None:
    seen = observation(settled(), drifted(name="b"), operation=succeeded(finished_at=after(1).isoformat()))
    assert report(again(seen, now=after(60))) == report(seen)


def test_status_is_about_the_generation_that_was_read() -> None:
    assert report(observation(app=application(generation=9)))["observedGeneration"] == 9


def test_since_is_when_the_word_changed() -> None:
    seen = again(observation(settled()), now=after(60))
    assert report(seen)["sync"]["since"] == "2027-01-31T08:00:00Z"
    assert report(replace(seen, changes=(drifted(),)))["sync"]["since"] == "2027-01-31T08:01:00Z"


def test_an_operation_is_read_back_as_it_was_written() -> None:
    its = operation(
        cursor=Cursor(Phase.PRUNE, -3),
        attempts=3,
        pinned=True,
        options=frozenset({"Replace=true"}),
        retry_limit=0,
        request="r",
        request_generation=4,
        initiated_by="ann",
    )
    assert parse_operation(operation_stanza(its)) == its
    assert parse_operation(operation_stanza(failed())) == failed()


# --- resources ---


def resources(*changes: Change, **healths: Health) -> list[str]:
    found = {key("ConfigMap", name): health for name, health in healths.items()}
    return [item["name"] for item in report(observation(*changes, healths=found))["resources"]]


def test_what_is_not_in_sync_or_not_healthy_comes_first() -> None:
    assert resources(settled(name="a"), settled(name="b"), drifted(name="c"), b=DEGRADED) == ["c", "b", "a"]


def test_a_hundred_are_listed_and_all_are_counted() -> None:
    changes = [settled(name=f"o{number:03}") for number in range(150)]
    changes += [drifted(name="z"), closed(Why.KIND_NOT_READY, name="u"), doomed()]
    status = report(observation(*changes, healths={key("ConfigMap", "z"): DEGRADED}))
    assert len(status["resources"]) == 100
    assert status["resourceCounts"] == {"total": 153, "outOfSync": 2, "unhealthy": 1}


def test_each_says_how_it_is_and_why() -> None:
    status = report(
        observation(closed(Why.CONFLICT, "It belongs to B."), healths={key("ConfigMap", "front"): DEGRADED})
    )
    assert status["resources"] == [
        {
            "kind": "ConfigMap",
            "namespace": "web",
            "name": "front",
            "sync": "OutOfSync",
            "reason": "OwnershipConflict",
            "message": "It belongs to B.",
            "health": {"status": "Degraded", "message": "It crashes."},
        }
    ]


@pytest.mark.parametrize("more", [{"error": SourceError("No.")}, {"pending": "It comes."}, {"deleting": "It goes."}])
def test_what_was_known_stays_while_nothing_can_be_compared(more: dict[str, Any]) -> None:
    seen = again(observation(settled()), changes=(), **more)
    assert report(seen)["resources"] == report(observation(settled()))["resources"]


def test_an_application_without_objects_lists_none() -> None:
    seen = again(observation(settled()), changes=())
    assert "resources" not in report(seen)


# --- history ---


def test_a_sync_that_succeeded_is_history_once() -> None:
    source = {"repoURL": "https://git.example.com/web.git", "directory": {"recurse": True}}
    app = replace(application(), source_body=source)
    its = succeeded(initiated_by="ann", finished_at=after(1).isoformat())
    seen = observation(settled(), app=app, operation=its)
    assert report(again(seen))["history"] == [
        {
            "id": 1,
            "operation": "op1",
            "revisions": [SHA],
            "sources": [source],
            "deployedAt": after(1).isoformat(),
            "initiatedBy": {"username": "ann"},
        }
    ]


NOTE = CommitNote("Ann", "2027-01-01T00:00:00Z", "Add the shop", "v1.2.3")
COMMIT = {"author": "Ann", "date": "2027-01-01T00:00:00Z", "subject": "Add the shop", "tag": "v1.2.3"}


def test_status_says_what_people_read_of_the_commit_and_keeps_it_while_git_cannot_be_read() -> None:
    status = report(observation(settled(), note=NOTE))
    assert status["sync"]["commits"] == [COMMIT]
    blind = observation(status=status, revision=None, error=GitOpsError("it cannot be read"))
    assert report(blind)["sync"]["commits"] == [COMMIT]


def test_history_says_it_of_the_commit_that_was_synced_only() -> None:
    entry = report(observation(settled(), note=NOTE, operation=succeeded()))["history"][0]
    assert entry["commits"] == [COMMIT]
    other = replace(succeeded(), revisions=("f" * 40,))
    assert "commits" not in report(observation(settled(), note=NOTE, operation=other))["history"][0]


@pytest.mark.parametrize("its", [operation(), failed(), None])
def test_nothing_else_is(its: Any) -> None:
    assert "history" not in report(observation(settled(), operation=its))


@pytest.mark.parametrize("limit, kept", [(0, []), (1, [4]), (3, [2, 3, 4]), (10, [1, 2, 3, 4])])
def test_the_limit_of_history_counts_at_once(limit: int, kept: list[int]) -> None:
    seen = observation(settled())
    for number in range(4):
        seen = again(replace(seen, operation=succeeded(id=f"op{number}")))
    limited = replace(seen, application=replace(seen.application, history_limit=limit))
    assert [entry["id"] for entry in report(limited).get("history", [])] == kept


# --- at most 64 KiB ---


def huge(text: str) -> Observation:
    """Everything as long as it can be."""
    words = text * 5000
    changes = tuple(closed(Why.CONFLICT, words, name=f"{'n' * 240}-{number}") for number in range(300))
    healths = {change.key: Health(HealthStatus.DEGRADED, words) for change in changes}
    its = failed(
        message=words,
        options=frozenset(f"{'O' * 48}{number:02}={'v' * 48}" for number in range(50)),
        initiated_by=words[:253],
        held=Held(1, SHA, {"path": "p" * 4000}, inputs="d" * 32, refused=SHA, message=words),
    )
    source = {"repoURL": f"https://{'h' * 2000}.example.com", "path": "p" * 1024}
    entry = {"id": 1, "operation": "x", "revisions": [SHA], "sources": [source]}
    return observation(
        *changes,
        app=application(source_body=source, history_limit=50),
        status={"history": [entry] * 50},
        operation=its,
        healths=healths,
        health=Health(HealthStatus.DEGRADED, words),
        warnings=dict.fromkeys(WARNINGS, words),
        images=tuple(f"{'i' * 400}{number}" for number in range(100)),
    )


@pytest.mark.parametrize(
    "text", ["x", "é", "语", "\n", '"', "\x01"], ids=["ascii", "latin", "cjk", "newline", "quote", "control"]
)
def test_the_status_stays_below_64_kib(text: str) -> None:
    status = report(huge(text))
    assert len(json.dumps(status)) <= LIMIT
    assert len(json.dumps(status, ensure_ascii=False).encode()) <= LIMIT
    assert status["resources"]
    assert status["history"]


@pytest.mark.parametrize("text", ["x", "语"])
def test_what_was_cut_is_cut_the_same_the_next_time(text: str) -> None:
    first = report(huge(text))
    seen = huge(text)
    assert report(replace(seen, application=replace(seen.application, status=first))) == first


def test_an_ordinary_status_is_not_cut() -> None:
    changes = [settled(name=f"some-name-of-a-config-map-{number}") for number in range(100)]
    assert len(report(observation(*changes))["resources"]) == 100


@settings(max_examples=30)
@given(st.text(max_size=300), st.integers(0, 120))
def test_any_text_can_be_reported(text: str, number: int) -> None:
    changes = tuple(
        Change(ResourceKey("", "ConfigMap", "web", str(index)), closed(Why.CONFLICT).action, Why.CONFLICT, text)
        for index in range(number)
    )
    assert len(json.dumps(report(observation(*changes)))) <= LIMIT


# --- what cannot wait a second ---


@pytest.mark.parametrize(
    "after_it",
    [
        observation(drifted()),
        observation(settled(), operation=operation()),
        observation(settled(), app=application(generation=4)),
        observation(settled(), health=DEGRADED),
        observation(settled(), warnings={"Fight": "Two fight."}),
    ],
    ids=["sync", "operation", "generation", "health", "warning"],
)
def test_what_people_wait_for_is_urgent(after_it: Observation) -> None:
    assert is_urgent(report(observation(settled())), report(after_it))


def test_the_state_of_single_objects_may_wait_a_second() -> None:
    before = report(observation(settled()))
    later = report(observation(settled(), healths={key("ConfigMap", "front"): Health(HealthStatus.HEALTHY)}))
    assert later != before
    assert not is_urgent(before, later)


def test_a_moved_cursor_is_urgent() -> None:
    first, second = (report(observation(operation=operation(cursor=Cursor(Phase.SYNC, wave)))) for wave in (0, 1))
    assert is_urgent(first, second)
