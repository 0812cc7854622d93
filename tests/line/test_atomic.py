"""Atomic syncs: one that fails is undone, and the Application stays at its last good version until there is news."""

from collections import Counter
from typing import Any

import pytest

from tests.builders import Body, application, as_file, config_map, deployment, job, manifest, namespace
from tests.fake_api import EVERYBODY, RefusalError
from tests.fakes import Line, key, synced

ATOMIC = {"atomic": True}
GARBAGE = frozenset({"garbage"})
BROKEN = {
    "observedGeneration": 2,
    "conditions": [
        {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "it does not start"}
    ],
}
BAD = RefusalError(422, "kept is bad", "Invalid", ("FieldValueInvalid", "bad", "data"))
HOOK = {"gitops-operator.io/hook": "PreSync"}
RESUME = {"operation": {"resume": True}}


def app(**parts: Any) -> Body:
    return application(policy={**ATOMIC, **parts.pop("policy", {})}, **parts)


async def failed(*more: Body, its: Body | None = None, good: tuple[Body, ...] = ()) -> Line:
    """The second commit, with more objects, does not become healthy; what came of that has come."""
    line = await synced(deployment("front"), config_map("kept"), *good, app=its or app())
    line.controllers = GARBAGE
    line.commit(deployment("front", "shop:2"), config_map("kept", {"color": "red"}), *more)
    await line.settle()
    break_down(line)
    await line.after(20)
    line.controllers = EVERYBODY
    await line.after(5)
    return line


def break_down(line: Line) -> None:
    line.api.set_status(key("Deployment", "front"), BROKEN)


def image(line: Line) -> str:
    return str(line.live("Deployment", "front")["spec"]["template"]["spec"]["containers"][0]["image"])


async def test_a_sync_that_does_not_become_healthy_is_undone() -> None:
    line = await failed(config_map("more"))
    assert image(line) == "shop:1"
    assert line.live("ConfigMap", "kept")["data"] == {"color": "blue"}
    assert not line.has("ConfigMap", "more")


async def test_it_says_what_failed_and_what_it_stays_at_and_how_to_go_on() -> None:
    line = await failed()
    first, second = list(line.git.commits)
    assert line.words() == ("OutOfSync", "Healthy")
    for kind in ("Ready", "Synced"):
        said = line.condition(kind)
        assert (said["status"], said["reason"]) == ("False", "Held")
        assert said["message"].startswith(
            f"The sync to {second[:7]} failed, and the Application is kept at {first[:7]} (entry 1 of its history)"
        )
        assert "exceeded its progress deadline" in said["message"]
        assert "kubectl gitops resume shop -n gitops" in said["message"]
    assert line.condition("Stalled")["status"] == "False"
    assert line.status()["sync"]["revisions"] == [first]
    assert line.operation()["held"]["revision"] == first
    assert line.operation()["trigger"] == "rollback"
    assert any("It is taken back to" in message for message in line.events("SyncFailed"))


async def test_the_history_has_only_what_was_good() -> None:
    line = await failed()
    assert [entry["revisions"] for entry in line.status()["history"]] == [list(line.git.commits)[:1]]


async def test_a_newer_commit_ends_it() -> None:
    line = await failed()
    line.commit(deployment("front", "shop:3"))
    await line.after(5)
    assert line.words() == ("Synced", "Healthy")
    assert image(line) == "shop:3"
    assert "held" not in line.operation()


async def test_the_commit_that_failed_is_not_tried_again_by_itself() -> None:
    line = await failed()
    with line.watching() as requests:
        await line.after(3600)
    assert [sent for sent in requests if sent.verb != "get"] == []


async def test_resuming_tries_the_commit_that_failed_again() -> None:
    line = await failed()
    line.edit_app(RESUME)
    await line.after(5)
    assert image(line) == "shop:2"
    assert line.words() == ("Synced", "Healthy")
    assert "operation" not in line.app()


async def test_asking_for_a_sync_tries_it_again_too() -> None:
    line = await failed()
    line.edit_app({"operation": {"sync": {}}})
    await line.after(5)
    assert image(line) == "shop:2"
    assert line.words() == ("Synced", "Healthy")


async def test_drift_of_what_is_kept_is_corrected() -> None:
    line = await failed()
    line.edit("ConfigMap", "kept", {"data": {"color": "green"}})
    await line.settle()
    assert line.live("ConfigMap", "kept")["data"] == {"color": "blue"}
    assert line.condition("Synced")["reason"] == "Held"


async def test_a_restart_keeps_it() -> None:
    line = await failed()
    line.restart()
    await line.after(30)
    assert image(line) == "shop:1"
    assert line.condition("Synced")["reason"] == "Held"


async def test_claims_and_namespaces_that_the_failed_sync_brought_stay() -> None:
    claim = manifest("v1", "PersistentVolumeClaim", "data", spec={"accessModes": ["ReadWriteOnce"]})
    line = await failed(claim, namespace("extra"), config_map("more"))
    assert line.has("PersistentVolumeClaim", "data")
    assert line.has("Namespace", "extra")
    assert not line.has("ConfigMap", "more")
    kept = {one["name"]: one["message"] for one in line.status()["resources"] if one.get("reason") == "Kept"}
    assert kept["data"].endswith("deletes no claims and no namespaces.")


async def test_what_was_there_before_the_failed_sync_stays() -> None:
    its = app(automated={"prune": False, "selfHeal": True})
    line = await synced(deployment("front"), config_map("old"), app=its)
    line.commit(deployment("front"), config_map("kept"))
    await line.after(10)
    line.controllers = GARBAGE
    line.commit(deployment("front", "shop:2"), config_map("kept"), config_map("more"))
    await line.settle()
    break_down(line)
    await line.after(30)
    assert line.names("ConfigMap") == ["kept", "old"]


async def test_nothing_is_pruned_before_all_is_healthy() -> None:
    its = app(policy={"syncOptions": ["PruneFirst=true"]})
    line = await failed(its=its, good=(config_map("old"),))
    assert "delete ConfigMap web/old" not in line.written()
    assert line.has("ConfigMap", "old")


async def test_the_hooks_of_the_version_that_it_goes_back_to_do_not_run_again() -> None:
    before = job("before", annotations=HOOK)
    line = await synced(before, deployment("front"), app=app())
    line.api.requests.clear()
    line.controllers = GARBAGE
    line.commit(deployment("front", "shop:2"))
    await line.settle()
    break_down(line)
    await line.after(20)
    assert Counter(line.written()) == {"apply apps/Deployment web/front": 2}


async def test_a_hook_that_fails_takes_back_what_was_applied() -> None:
    after = job("after", annotations={"gitops-operator.io/hook": "PostSync"})
    line = await synced(config_map("kept"), app=app())
    line.controllers = GARBAGE
    line.commit(config_map("kept", {"color": "red"}), after)
    await line.settle()
    line.api.set_status(key("Job", "after"), {"failed": 1, "conditions": [{"type": "Failed", "status": "True"}]})
    await line.settle()
    assert line.live("ConfigMap", "kept")["data"] == {"color": "blue"}
    assert line.condition("Ready")["reason"] == "Held"


async def test_everything_is_proven_before_anything_is_written() -> None:
    line = await synced(config_map("a"), config_map("kept"), app=app())
    line.api.requests.clear()
    line.api.refuse(BAD, "apply", "kept", dry_run=True)
    line.commit(config_map("a", {"color": "red"}), config_map("kept", {"color": "red"}))
    await line.settle()
    assert line.written() == []
    assert line.condition("Ready")["reason"] == "Held"
    assert "kept is bad" in line.condition("Ready")["message"]


async def test_the_first_sync_has_nothing_to_go_back_to_and_only_stops() -> None:
    line = Line(controllers=GARBAGE)
    line.commit(deployment("front"))
    line.create(app(policy={"retry": {"limit": 0}}))
    await line.settle()
    line.api.set_status(key("Deployment", "front"), {**BROKEN, "observedGeneration": 1})
    await line.after(20)
    assert line.operation()["phase"] == "Failed"
    assert line.has("Deployment", "front")
    assert "held" not in line.operation()


async def test_it_goes_back_where_syncs_are_not_automated_too() -> None:
    its = app(automated=None)
    line = await synced(deployment("front"), app=its)
    line.edit_app({"operation": {"sync": {}}})
    await line.settle()
    line.controllers = GARBAGE
    line.commit(deployment("front", "shop:2"), config_map("more"))
    line.edit_app({"operation": {"sync": {}}})
    await line.settle()
    break_down(line)
    await line.after(20)
    assert image(line) == "shop:1"
    assert not line.has("ConfigMap", "more")
    assert line.condition("Ready")["reason"] == "Held"


async def test_going_back_needs_no_approval_and_no_window() -> None:
    line = await synced(deployment("front"), app=app())
    line.controllers = GARBAGE
    line.commit(deployment("front", "shop:2"))
    await line.settle()
    closed = [{"kind": "deny", "schedule": "* * * * *", "duration": "1h"}]
    line.edit_app({"spec": {"syncPolicy": {"approval": "required", "windows": closed}}})
    break_down(line)
    await line.after(20)
    assert image(line) == "shop:1"


async def test_it_goes_back_to_the_source_of_then() -> None:
    line = Line()
    files = {"other/front.yaml": as_file(deployment("front", "shop:2"))}
    line.commit(files={"shop/deep/front.yaml": as_file(deployment("front")), **files})
    its = app()
    its["spec"]["source"]["directory"] = {"recurse": True}
    line.create(its)
    await line.settle()
    line.controllers = GARBAGE
    line.edit_app({"spec": {"source": {"path": "other", "directory": None}}})
    await line.settle()
    assert image(line) == "shop:2"
    break_down(line)
    await line.after(20)
    assert image(line) == "shop:1"
    line.edit_app({"spec": {"source": {"path": "shop", "directory": {"recurse": True}}}})
    line.controllers = EVERYBODY
    await line.after(5)
    assert line.words() == ("Synced", "Healthy")


async def test_the_way_back_does_not_wait_for_what_the_failed_sync_has_broken() -> None:
    line = await synced(deployment("front"), config_map("late", wave=1), app=app())
    line.controllers = GARBAGE
    blocker = manifest("networking.k8s.io/v1", "NetworkPolicy", "deny", spec={"podSelector": {}})
    line.commit(deployment("front", "shop:2"), config_map("late", {"color": "red"}, wave=1), blocker)
    await line.settle()
    break_down(line)
    await line.after(20)
    assert not line.has("NetworkPolicy", "deny")
    assert image(line) == "shop:1"


async def test_a_way_back_that_fails_is_tried_again() -> None:
    line = await synced(deployment("front"), config_map("kept"), app=app())
    line.controllers = GARBAGE
    line.commit(deployment("front", "shop:2"), config_map("kept", {"color": "red"}))
    await line.settle()
    line.api.refuse(BAD, "apply", "kept")
    break_down(line)
    await line.after(18)
    assert image(line) == "shop:1"  # what can be undone is
    assert line.condition("Ready")["reason"] == "SyncFailed"
    assert "kept is bad" in line.condition("Ready")["message"]
    line.api.faults.clear()
    line.controllers = EVERYBODY
    await line.after(30)
    assert image(line) == "shop:1"
    assert line.operation()["attempts"] == 2
    assert line.condition("Ready")["reason"] == "Held"


async def test_a_commit_that_comes_meanwhile_is_synced_instead() -> None:
    line = await synced(deployment("front"), app=app())
    line.controllers = GARBAGE
    line.commit(deployment("front", "shop:2"))
    await line.settle()
    break_down(line)
    await line.after(15.5)
    assert line.operation()["trigger"] == "rollback"
    line.commit(deployment("front", "shop:3"))
    line.controllers = EVERYBODY
    await line.after(5)
    assert image(line) == "shop:3"
    assert line.words() == ("Synced", "Healthy")


async def test_terminating_a_sync_leaves_it_where_it_is() -> None:
    line = await synced(deployment("front"), app=app())
    line.controllers = GARBAGE
    line.commit(deployment("front", "shop:2"))
    await line.settle()
    line.edit_app({"operation": {"terminate": True}})
    await line.after(30)
    assert image(line) == "shop:2"
    assert "held" not in line.operation()


async def test_a_commit_that_cannot_be_read_leaves_it_where_it_is() -> None:
    line = await failed()
    line.commit(deployment("front", "shop:3"), files={"shop/broken.yaml": "kind: ["})
    await line.after(5)
    assert image(line) == "shop:1"
    line.edit("ConfigMap", "kept", {"data": {"color": "green"}})
    await line.settle()
    assert line.live("ConfigMap", "kept")["data"] == {"color": "blue"}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_crash_at_any_request_changes_nothing_of_the_end(after: bool) -> None:
    whole = await story()
    assert whole.condition("Ready")["reason"] == "Held"
    for number in range(len(whole.api.requests)):
        other = await story((number, after))
        where = f"crash {'after' if after else 'before'} request {number} ({whole.api.requests[number]})"
        assert image(other) == "shop:1", where
        assert other.names("ConfigMap") == ["old"], where
        assert other.condition("Ready")["reason"] == "Held", where
        assert other.condition("Ready")["message"] == whole.condition("Ready")["message"], where
        assert len(other.status()["history"]) == 1, where


async def story(crash: tuple[int, bool] | None = None) -> Line:
    """A sync that adds, changes and would prune does not become healthy; the process dies once after it began."""
    line = await synced(deployment("front"), config_map("old"), app=app())
    line.api.requests.clear()
    line.api.crash_at = crash
    line.controllers = GARBAGE
    line.commit(deployment("front", "shop:2"), config_map("new"))
    await line.survive()
    break_down(line)
    await line.survive_for(40)
    line.controllers = EVERYBODY
    await line.survive_for(10)
    return line
