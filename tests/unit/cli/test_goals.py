"""What an Application lacks of what is waited for."""

import pytest

from gitops_operator.cli.exits import CommandError
from gitops_operator.cli.online.goals import GoneError, goal_of
from tests.unit.cli.applications import application, condition


def test_a_ready_application_lacks_nothing_of_being_ready() -> None:
    assert goal_of("ready")(application()) == ""


def test_what_is_lacking_is_said_in_the_words_of_the_condition() -> None:
    stuck = application(condition("Ready", "False", "SyncFailed", "the quota is exceeded"))
    assert goal_of("ready")(stuck) == "SyncFailed: the quota is exceeded"


def test_a_reason_that_begins_the_message_is_not_said_twice() -> None:
    slow = application(condition("Ready", "False", "Progressing", "Progressing: Deployment web"))
    assert goal_of("ready")(slow) == "Progressing: Deployment web"


@pytest.mark.parametrize(
    "parts",
    [
        {"metadata": {"generation": 3}},
        {"metadata": {"annotations": {"gitops-operator.io/refresh": "normal"}}},
        {"operation": {"sync": {}}},
        {"status": {"observedGeneration": None}},
    ],
    ids=["newer spec", "refresh", "sync that was asked for", "never looked at"],
)
@pytest.mark.parametrize("goal", ["ready", "synced", "idle"])
def test_what_the_operator_has_not_looked_at_yet_is_waited_for(goal: str, parts: dict[str, object]) -> None:
    assert goal_of(goal)(application(**parts)) != ""


def test_a_running_sync_is_not_idle() -> None:
    running = application(
        condition("Reconciling", "True", "Syncing", "Sync wave 0."), status={"operation": {"phase": "Running"}}
    )
    assert goal_of("idle")(running) == "Syncing: Sync wave 0."


def test_a_sync_that_has_ended_is_idle_however_it_ended() -> None:
    assert goal_of("idle")(application(status={"operation": {"phase": "Failed"}})) == ""


def test_only_what_is_gone_is_deleted() -> None:
    assert goal_of("deleted")(None) == ""
    assert goal_of("delete")(application()) == "it is still there"


def test_what_is_gone_never_gets_ready() -> None:
    with pytest.raises(GoneError):
        goal_of("ready")(None)


@pytest.mark.parametrize(
    "text", ["condition=stalled=false", "condition=Stalled=False", "condition=Fight=False", "condition=Ready"]
)
def test_any_condition_can_be_waited_for_in_either_case(text: str) -> None:
    assert goal_of(text)(application(condition("Stalled", "False", "Idle"), condition("Ready", "True"))) == ""


def test_a_condition_that_is_not_there_is_told() -> None:
    assert goal_of("condition=Reedy")(application()) == "there is no condition Reedy"


@pytest.mark.parametrize("text", ["x", "condition=", "condition", "readyness", "jsonpath=x"])
def test_an_unknown_goal_names_those_that_there_are(text: str) -> None:
    with pytest.raises(CommandError, match="wait for ready, synced, healthy, idle, deleted"):
        goal_of(text)
