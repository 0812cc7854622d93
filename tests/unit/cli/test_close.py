"""What the commands say that look closer at one Application, or hold it."""

import io
from datetime import datetime, timedelta
from typing import Any

import pytest

from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import CommandError
from gitops_operator.cli.online import history
from gitops_operator.cli.online.family import Member
from gitops_operator.cli.online.rollback import entry_of
from gitops_operator.cli.online.suspend import until_of
from gitops_operator.cli.online.tree import drawn
from gitops_operator.cli.online.verdicts import verdict
from gitops_operator.model.change import Change, Why
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.parsing import parse_application
from gitops_operator.model.resource import ResourceKey
from tests.unit.cli.applications import AN_HOUR_AGO, NOW, SHA, application, condition
from tests.unit.plan.situations import closed, doomed, drifted, missing

AUTOMATED = {"automated": {"prune": True, "selfHeal": True}}


def fate(change: Change, *conditions: dict[str, str], **parts: Any) -> str:
    spec = {"syncPolicy": AUTOMATED, **parts.pop("spec", {})}
    body = application(*conditions, spec=spec, **parts)
    return verdict(parse_application(body), body, change, NOW)


@pytest.mark.parametrize(
    "change, spec, words",
    [
        (drifted(), {}, "will be reverted"),
        (missing(), {}, "will be created"),
        (doomed(), {}, "will be deleted"),
        (doomed(), {"syncPolicy": {"automated": {}}}, "stays: prune is off"),
        (drifted(), {"syncPolicy": {"automated": {}}}, "stays until the next sync: selfHeal is off"),
        (drifted(), {"syncPolicy": {}}, "stays until somebody syncs: the sync policy is not automated"),
        (drifted(), {"suspend": {"reason": "freeze"}}, "stays: suspended (freeze)"),
        (drifted(), {"suspend": {"until": AN_HOUR_AGO}}, "will be reverted"),
        (closed(Why.CONFLICT, "It is Ada's."), {}, "stays: It is Ada's."),
        (closed(Why.GOING), {}, "is being deleted"),
    ],
)
def test_a_verdict_says_what_becomes_of_a_change(change: Change, spec: dict[str, Any], words: str) -> None:
    assert fate(change, spec=spec) == words


@pytest.mark.parametrize(
    "reason",
    [
        "PruneLimitExceeded",
        "OutsideSyncWindow",
        "AwaitsConfirmation",
        "ApprovalPending",
        "KindNotReady",
        "Held",
        "RolledBack",
    ],
)
def test_a_verdict_says_what_the_operator_gives_as_its_reason(reason: str) -> None:
    said = condition("Synced", "False", reason, "It would prune 20 of 30.")
    assert fate(doomed(), said) == "stays: It would prune 20 of 30."


def test_drift_is_reverted_beside_a_plan_that_waits_for_an_approval() -> None:
    said = condition("Synced", "False", "ApprovalPending", "2 to create.")
    assert fate(drifted(), said) == "will be reverted"


def test_a_field_that_admission_changes_is_not_applied_again() -> None:
    change = drifted()
    listed = {**change.key._asdict(), "sync": "Synced", "reason": "ChangedAtAdmission"}
    assert fate(change, status={"resources": [listed]}).startswith("stays: changed at admission")


@pytest.mark.parametrize(
    "text, until",
    [
        ("", ""),
        ("2h", "2027-01-01T14:00:00Z"),
        ("2030-01-07T08:00:00Z", "2030-01-07T08:00:00Z"),
        ("2030-01-07T08:00:00+02:00", "2030-01-07T08:00:00+02:00"),
    ],
)
def test_a_suspension_ends_at_a_time_or_after_a_while(text: str, until: str) -> None:
    assert until_of(text, NOW) == until


@pytest.mark.parametrize(
    "text, problem",
    [
        ("2020-01-01T00:00:00Z", "is over already"),
        ("2030-01-01T00:00:00", "has no time zone"),
        ("tomorrow", "neither a time"),
    ],
)
def test_a_time_that_means_nothing_is_refused_with_an_example(text: str, problem: str) -> None:
    with pytest.raises(CommandError, match=problem):
        until_of(text, NOW)


def told(output: str, entries: list[dict[str, Any]], moment: datetime = NOW) -> tuple[list[str], str]:
    out, err = io.StringIO(), io.StringIO()
    history.say(application(status={"history": entries}), output, Console(io.BytesIO(), out, err, {}), moment)
    return out.getvalue().splitlines(), err.getvalue()


def entry(number: int, **more: Any) -> dict[str, Any]:
    sources = [{"repoURL": "https://git.example.com/shop", "path": "."}]
    base = {"id": number, "operation": f"op{number}", "revisions": [SHA], "sources": sources, "deployedAt": AN_HOUR_AGO}
    return {**base, **more}


def test_the_history_begins_with_the_newest() -> None:
    lines, _ = told("table", [entry(1), entry(2, initiatedBy={"username": "ada"})])
    assert [line.split() for line in lines] == [
        ["ID", "REVISION", "WHEN", "BY"],
        ["2", "0123456", "60m", "ago", "ada"],
        ["1", "0123456", "60m", "ago", "automated"],
    ]


def test_the_wide_history_names_commit_source_and_sync() -> None:
    lines, _ = told("wide", [entry(1)], NOW + timedelta(hours=1))
    assert all(word in lines[1] for word in (SHA, "https://git.example.com/shop", "op1"))


def test_the_wide_history_says_what_people_read_of_the_commit() -> None:
    commit = {"author": "Ann", "date": AN_HOUR_AGO, "subject": "Add the shop", "tag": "v1.2.3"}
    lines, _ = told("wide", [entry(1, commits=[commit])], NOW + timedelta(hours=1))
    assert "Add the shop (Ann, 120m ago, tag v1.2.3)" in lines[1]


def test_an_application_without_a_history_says_so() -> None:
    assert told("table", []) == ([], "No sync of it has succeeded yet.\n")


POD = Member(ResourceKey("", "Pod", "web", "front-1-a"), "", Health(HealthStatus.DEGRADED, "It crashes."))
SET = Member(ResourceKey("apps", "ReplicaSet", "web", "front-1"), "", Health(HealthStatus.HEALTHY), (POD,))
FRONT = Member(ResourceKey("apps", "Deployment", "web", "front"), "Synced", Health(HealthStatus.PROGRESSING), (SET,))
LAST = Member(ResourceKey("", "ConfigMap", "web", "front"), "OutOfSync", None)


def tree(width: int = 0, *, wide: bool = False) -> list[str]:
    return list(drawn(application(), [FRONT, LAST], width, lambda text, _: text, with_messages=wide))


def test_a_tree_shows_what_is_below_what() -> None:
    assert tree() == [
        "OBJECT                         SYNC        HEALTH",
        "Application gitops/shop        Synced      Healthy",
        "├─ Deployment web/front        Synced      Progressing",
        "│  └─ ReplicaSet web/front-1               Healthy",
        "│     └─ Pod web/front-1-a                 Degraded",
        "└─ ConfigMap web/front         OutOfSync",
    ]


def test_a_wide_tree_has_messages_and_fits_the_terminal() -> None:
    assert tree(wide=True)[4].endswith("Degraded      It crashes.")
    assert max(map(len, tree(40, wide=True))) == 40


def test_the_colours_of_a_tree_stand_on_its_words() -> None:
    lines = list(drawn(application(), [FRONT], 0, lambda text, _: f"<{text}>", with_messages=False))
    assert lines[2] == "└─ Deployment web/front        <Synced>   <Progressing>"


def with_history(*revisions: str, at: str = "") -> dict[str, Any]:
    history = [{"id": number, "revisions": [text]} for number, text in enumerate(revisions, start=1)]
    return {"status": {"history": history, "operation": {"revisions": [at or revisions[-1]]}}}


@pytest.mark.parametrize(
    "body, wanted, entry",
    [
        (with_history("a", "b"), None, 1),
        (with_history("a", "b", at="c"), None, 2),
        (with_history("a", "b", "a"), None, 2),
        (with_history("a", "b", "c"), 1, 1),
    ],
    ids=["the one before", "the last good one where the last sync failed", "after a rollback", "a certain one"],
)
def test_a_rollback_goes_to(body: dict[str, Any], wanted: int | None, entry: int) -> None:
    assert entry_of(body, wanted) == entry


@pytest.mark.parametrize(
    "body, wanted, words",
    [
        (with_history("a"), None, "its history has no earlier version"),
        ({}, None, "its history has no earlier version"),
        (with_history("a", "b"), 7, "the history has no entry 7; it has 1 (a), 2 (b)"),
    ],
)
def test_a_rollback_to_what_is_not_there_is_refused(body: dict[str, Any], wanted: int | None, words: str) -> None:
    with pytest.raises(CommandError) as caught:
        entry_of(body, wanted)
    assert str(caught.value) == words
