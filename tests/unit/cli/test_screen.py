"""One Application on a screen."""

from typing import Any

from gitops_operator.cli.online.screen import screen
from tests.unit.cli.applications import AN_HOUR_AGO, NOW, SHA, application, condition


def plain(text: str, _: str) -> str:
    return text


def shown(body: dict[str, Any], width: int = 80) -> list[str]:
    return list(screen(body, NOW, width, plain))


def operation(**parts: Any) -> dict[str, Any]:
    return {
        "id": "x",
        "trigger": "manual",
        "initiatedBy": {"username": "ada"},
        "phase": "Succeeded",
        "revisions": [SHA],
        "startedAt": "2027-01-01T11:00:00Z",
        "finishedAt": "2027-01-01T11:00:42Z",
        "counts": {"created": 3, "failed": 1},
        **parts,
    }


def test_a_well_application_needs_a_few_lines() -> None:
    assert shown(application()) == [
        "Application  gitops/shop",
        "Source       https://git.example.com/shop, the whole repository, at HEAD",
        "Policy       syncs when asked",
        "Sync         Synced at 0123456 for 60m",
        "Health       Healthy for 60m",
    ]


def test_what_is_wrong_is_said_once_and_within_the_width() -> None:
    message = "The sync failed. " * 10
    body = application(
        condition("Ready", "False", "SyncFailed", message),
        condition("Synced", "False", "SyncFailed", message),
        condition("Stalled", "True", "SyncFailed", message),
        condition("Healthy", "True", "Healthy"),
        condition("Fight", "True", "Fight", "somebody else writes it as well"),
    )
    lines = shown(body)
    assert all(len(line) <= 80 for line in lines)
    assert [line.split()[0] for line in lines if line[:1].isalpha()][5:] == ["Ready", "Fight"]


def test_the_last_sync_says_who_what_and_how_long() -> None:
    [line] = [line for line in shown(application(status={"operation": operation()}), 0) if line.startswith("Last sync")]
    assert line == "Last sync    Succeeded 59m ago: manual by ada to 0123456, took 42s; 3 created, 1 failed"


def test_a_running_sync_says_where_it_is() -> None:
    running = operation(phase="Running", finishedAt="", cursor={"phase": "Sync", "wave": 2})
    [line] = [line for line in shown(application(status={"operation": running})) if line.startswith("Syncing")]
    assert line.endswith("for 60m; Sync wave 2")


def test_a_failed_sync_says_why_and_when_it_is_tried_again() -> None:
    failed = operation(phase="Failed", message="quota exceeded", retryAt="2027-01-01T12:00:30Z")
    lines = shown(application(status={"operation": failed}))
    assert [line.strip() for line in lines[-2:]] == ["quota exceeded", "It is tried again in 30s."]


def test_only_objects_that_are_not_as_they_should_be_are_listed() -> None:
    resources = [
        {
            "kind": "Deployment",
            "namespace": "web",
            "name": "a",
            "sync": "Synced",
            "health": {"status": "Degraded", "message": "it crashes"},
        },
        {"kind": "ConfigMap", "namespace": "web", "name": "b", "sync": "OutOfSync", "reason": "Drifted"},
        {"kind": "Service", "namespace": "web", "name": "c", "sync": "Synced", "health": {"status": "Healthy"}},
        {"kind": "CronJob", "namespace": "web", "name": "d", "sync": "Synced", "health": {"status": "Suspended"}},
    ]
    lines = shown(application(status={"resources": resources}), 0)
    assert [line.split() for line in lines[-2:]] == [
        ["Deployment", "web/a", "Synced", "Degraded", "it", "crashes"],
        ["ConfigMap", "web/b", "OutOfSync", "Drifted"],
    ]


def test_the_commit_is_told_as_people_read_it() -> None:
    commit = {"author": "Ann", "date": AN_HOUR_AGO, "subject": "Add the shop"}
    lines = shown(application(status={"sync": {"status": "Synced", "revisions": [SHA], "commits": [commit]}}))
    assert "Commit       Add the shop (Ann, 60m ago)" in lines


def test_the_newest_of_the_history_comes_first_and_the_rest_is_counted() -> None:
    history = [
        {"id": n, "revisions": [f"v{n}"], "deployedAt": AN_HOUR_AGO, "initiatedBy": {"username": "ada"}}
        for n in range(7)
    ]
    lines = shown(application(status={"history": history}))
    assert lines[-6].split() == ["v6", "60m", "ago", "ada"]
    assert lines[-1] == "… and 2 earlier syncs"


def test_suspension_and_deletion_are_said() -> None:
    body = application(spec={"suspend": {"reason": "freeze"}}, metadata={"deletionTimestamp": AN_HOUR_AGO})
    lines = shown(body)
    assert "Suspended    yes: freeze" in lines
    assert "Deleting     for 60m" in lines


def test_what_a_cluster_says_cannot_speak_to_the_terminal() -> None:
    body = application(condition("Ready", "False", "X", "red \x1b[31malert"))
    assert not any("\x1b" in line for line in shown(body))


def test_an_application_that_nobody_has_looked_at_is_unknown() -> None:
    body = application()
    del body["status"]
    assert "Sync         Unknown" in shown(body)
