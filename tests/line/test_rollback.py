"""Going back to a version of the history because somebody asks, and staying there until somebody resumes."""

from typing import Any

import pytest

from tests.builders import Body, application, config_map, job, manifest
from tests.fakes import Line, synced

RESUME = {"operation": {"resume": True}}


def rollback(number: int, by: str = "", **more: Any) -> dict[str, Any]:
    who = {"initiatedBy": {"username": by}} if by else {}
    return {"operation": {"rollback": {"id": number, **more}, **who}}


async def two_versions(its: Body | None = None) -> Line:
    """Blue is the first entry of the history, red with one more object the second one."""
    line = await synced(config_map("a"), app=its or application())
    line.commit(config_map("a", {"color": "red"}), config_map("more"))
    await line.settle()
    return line


def color(line: Line) -> str:
    return str(line.live("ConfigMap", "a")["data"]["color"])


async def back(its: Body | None = None) -> Line:
    line = await two_versions(its)
    line.edit_app(rollback(1, "ada"))
    await line.after(5)
    return line


async def test_it_goes_back_to_that_version_and_stays() -> None:
    line = await back()
    await line.after(600)
    assert color(line) == "blue"
    assert not line.has("ConfigMap", "more")
    assert "operation" not in line.app()


async def test_it_says_who_asked_and_how_to_go_on() -> None:
    line = await back()
    first = next(iter(line.git.commits))
    ready = line.condition("Ready")
    assert (ready["status"], ready["reason"]) == ("False", "RolledBack")
    assert ready["message"] == (
        f"Rolled back to {first[:7]} (entry 1 of its history) by ada. What is newer in Git waits until somebody "
        "resumes: kubectl gitops resume shop -n gitops"
    )
    assert line.words() == ("OutOfSync", "Healthy")
    assert line.condition("Stalled")["status"] == "False"


async def test_it_is_a_version_of_the_history_again() -> None:
    line = await back()
    shas = list(line.git.commits)
    history = line.status()["history"]
    assert [entry["revisions"] for entry in history] == [[shas[0]], [shas[1]], [shas[0]]]
    assert history[-1]["initiatedBy"] == {"username": "ada"}


async def test_newer_commits_wait() -> None:
    line = await back()
    line.commit(config_map("a", {"color": "green"}))
    await line.after(10)
    assert color(line) == "blue"


async def test_resuming_goes_on_with_the_newest() -> None:
    line = await back()
    line.commit(config_map("a", {"color": "green"}))
    await line.settle()
    line.edit_app(RESUME)
    await line.after(5)
    assert color(line) == "green"
    assert line.words() == ("Synced", "Healthy")
    assert "held" not in line.operation()
    assert "operation" not in line.app()


async def test_asking_for_a_sync_ends_it() -> None:
    line = await back()
    line.edit_app({"operation": {"sync": {}}})
    await line.after(5)
    assert color(line) == "red"


async def test_resuming_what_is_not_rolled_back_changes_nothing() -> None:
    line = await two_versions()
    before = line.status()
    line.edit_app(RESUME)
    await line.settle()
    assert "operation" not in line.app()
    assert line.status()["operation"] == before["operation"]


async def test_drift_is_corrected_meanwhile() -> None:
    line = await back()
    line.edit("ConfigMap", "a", {"data": {"color": "green"}})
    await line.settle()
    assert color(line) == "blue"
    assert line.condition("Ready")["reason"] == "RolledBack"


async def test_a_restart_keeps_it() -> None:
    line = await back()
    line.restart()
    await line.after(30)
    assert color(line) == "blue"
    assert line.condition("Ready")["reason"] == "RolledBack"


async def test_a_rollback_of_a_rollback_goes_to_the_other_version() -> None:
    line = await back()
    line.edit_app(rollback(2))
    await line.after(5)
    assert color(line) == "red"
    assert line.condition("Ready")["reason"] == "RolledBack"


async def test_an_entry_that_is_not_there_is_an_error_that_names_those_that_are() -> None:
    line = await two_versions()
    line.edit_app(rollback(9))
    await line.settle()
    assert line.operation()["message"] == "The history has no entry 9; it has: 1, 2."
    assert color(line) == "red"
    assert "operation" not in line.app()


async def test_a_rollback_that_cannot_be_keeps_the_one_before() -> None:
    line = await back()
    line.edit_app(rollback(9))
    await line.after(30)
    assert color(line) == "blue"
    assert line.condition("Ready")["reason"] == "RolledBack"


async def test_without_automated_prune_nothing_is_pruned() -> None:
    line = await two_versions(application(automated={"selfHeal": True}))
    line.edit_app(rollback(1))
    await line.after(5)
    assert color(line) == "blue"
    assert line.has("ConfigMap", "more")


async def test_pruning_can_be_asked_for() -> None:
    line = await two_versions(application(automated={"selfHeal": True}))
    line.edit_app(rollback(1, prune=True))
    await line.after(5)
    assert not line.has("ConfigMap", "more")


async def test_claims_stay_even_so() -> None:
    claim = manifest("v1", "PersistentVolumeClaim", "data", spec={"accessModes": ["ReadWriteOnce"]})
    line = await synced(config_map("a"))
    line.commit(config_map("a", {"color": "red"}), claim)
    await line.settle()
    line.edit_app(rollback(1, prune=True))
    await line.after(5)
    assert color(line) == "blue"
    assert line.has("PersistentVolumeClaim", "data")


async def test_hooks_run_as_in_each_sync() -> None:
    before = job("before", annotations={"gitops-operator.io/hook": "PreSync"})
    line = await synced(before, config_map("a"))
    line.commit(before, config_map("a", {"color": "red"}))
    await line.settle()
    line.edit_app(rollback(1))
    await line.after(5)
    assert line.written().count("apply batch/Job web/before") == 3
    assert color(line) == "blue"


async def test_it_waits_for_an_approval_where_syncs_do() -> None:
    its = application(policy={"approval": "required"})
    line = await synced(config_map("a"), app=its)
    approve(line)
    await line.settle()
    line.commit(config_map("a", {"color": "red"}))
    await line.settle()
    approve(line)
    await line.settle()
    line.edit_app(rollback(1))
    await line.settle()
    assert color(line) == "red"
    assert line.condition("Ready")["reason"] == "ApprovalPending"
    approve(line)
    await line.settle()
    assert color(line) == "blue"


def approve(line: Line) -> None:
    digest = line.status()["plan"]["digest"]
    line.edit_app({"metadata": {"annotations": {"gitops-operator.io/approve": digest}}})


async def test_it_works_where_syncs_are_not_automated() -> None:
    line = await synced(config_map("a"), app=application(automated=None))
    for shade in ("blue", "red"):
        line.commit(config_map("a", {"color": shade}))
        line.edit_app({"operation": {"sync": {}}})
        await line.settle()
    line.edit_app(rollback(1))
    await line.after(5)
    assert color(line) == "blue"
    line.edit_app(RESUME)
    await line.after(5)
    assert color(line) == "blue"
    assert line.condition("Ready")["reason"] == "NotAutomated"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_crash_at_any_request_changes_nothing_of_the_end(after: bool) -> None:
    whole = await story()
    for number in range(len(whole.api.requests)):
        other = await story((number, after))
        where = f"crash {'after' if after else 'before'} request {number} ({whole.api.requests[number]})"
        assert color(other) == "red", where
        assert other.words() == ("Synced", "Healthy"), where
        assert len(other.status()["history"]) == len(whole.status()["history"]), where
        assert sorted(other.written()) == sorted(whole.written()), where


async def story(crash: tuple[int, bool] | None = None) -> Line:
    """A rollback, and what comes after; the process dies once meanwhile."""
    line = await two_versions()
    line.api.requests.clear()
    line.api.crash_at = crash
    line.edit_app(rollback(1))
    await line.survive_for(10)
    assert color(line) == "blue"
    line.edit_app(RESUME)
    await line.survive_for(10)
    return line
