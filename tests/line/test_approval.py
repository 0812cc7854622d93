"""Syncs that wait until somebody approves exactly what they would do."""

from typing import Any

from tests.builders import Body, application, config_map, deployment, job, manifest, namespace
from tests.fake_api import RefusalError
from tests.fakes import Line, key, synced

APPROVE = "gitops-operator.io/approve"
REQUIRED = {"approval": "required"}
ONCE = {"retry": {"limit": 0}}
HOOK = {"gitops-operator.io/hook": "PreSync"}


def app(**parts: Any) -> Body:
    return application(policy=REQUIRED, **parts)


def approve(line: Line, digest: str = "") -> None:
    line.edit_app({"metadata": {"annotations": {APPROVE: digest or line.status()["plan"]["digest"]}}})


async def approved(*objects: Body, **parts: Any) -> Line:
    line = await synced(*objects, app=app(**parts))
    approve(line)
    await line.settle()
    return line


async def test_a_sync_waits_and_says_for_what_and_how() -> None:
    line = await synced(config_map("a"), config_map("b"), app=app())
    assert line.written() == []
    plan = line.status()["plan"]
    assert (plan["create"], plan["update"], plan["replace"], plan["prune"]) == (2, 0, 0, 0)
    ready = line.condition("Ready")
    assert ready["reason"] == "ApprovalPending"
    assert "2 to create" in ready["message"]
    assert f"kubectl gitops approve shop -n gitops --digest {plan['digest']}" in ready["message"]
    assert line.condition("Stalled")["status"] == "False"


async def test_an_approved_plan_is_carried_out_and_recorded_and_the_approval_is_used_up() -> None:
    line = await synced(config_map("a"), app=app())
    digest = line.status()["plan"]["digest"]
    approve(line)
    await line.settle()
    assert line.words() == ("Synced", "Healthy")
    assert line.operation()["approved"] == digest
    assert APPROVE not in line.app()["metadata"].get("annotations", {})
    assert "plan" not in line.status()


async def test_everything_of_an_approved_plan_is_proven_before_any_of_it_is_written() -> None:
    line = await synced(config_map("a"), config_map("kept"), app=application(policy={**REQUIRED, **ONCE}))
    bad = RefusalError(422, "kept is bad", "Invalid", ("FieldValueInvalid", "bad", "data"))
    line.api.refuse(bad, "apply", "kept", dry_run=True)
    approve(line)
    await line.settle()
    assert "kept is bad" in line.operation()["message"]
    assert line.written() == []


async def test_the_same_plan_again_waits_again() -> None:
    line = await approved(config_map("a"), automated={"prune": True})
    line.delete("ConfigMap", "a")
    line.edit_app({"operation": {"sync": {}}})
    await line.settle()
    assert not line.has("ConfigMap", "a")
    assert line.condition("Ready")["reason"] == "ApprovalPending"


async def test_an_approval_that_comes_too_late_is_for_another_plan_and_it_says_so() -> None:
    line = await synced(config_map("a"), app=app())
    digest = line.status()["plan"]["digest"]
    line.commit(config_map("a"), config_map("b"))
    await line.settle()
    approve(line, digest)
    await line.settle()
    assert line.written() == []
    assert line.status()["plan"]["digest"] != digest
    assert f"The approval was for another plan, {digest}" in line.condition("Ready")["message"]


async def test_a_live_object_that_somebody_edits_makes_another_plan() -> None:
    line = await approved(config_map("a"), automated={})
    line.commit(config_map("a", {"color": "red"}))
    await line.settle()
    digest = line.status()["plan"]["digest"]
    line.edit("ConfigMap", "a", {"data": {"color": "green"}})
    await line.settle()
    assert line.status()["plan"]["digest"] != digest


async def test_a_mere_status_update_does_not_alter_the_plan() -> None:
    line = await approved(deployment("front"))
    line.commit(deployment("front", "shop:2"))
    await line.settle()
    digest = line.status()["plan"]["digest"]
    line.api.set_status(key("Deployment", "front"), {"observedGeneration": 1, "replicas": 1, "readyReplicas": 0})
    await line.settle()
    assert line.status()["plan"]["digest"] == digest


async def test_a_commit_that_changes_nothing_of_the_plan_keeps_it_approved() -> None:
    line = await synced(config_map("a"), app=app())
    digest = line.status()["plan"]["digest"]
    line.commit(config_map("a"), files={"shop/notes.txt": "news"})
    await line.settle()
    approve(line, digest)
    await line.settle()
    assert line.words() == ("Synced", "Healthy")


async def test_a_sync_that_is_asked_for_waits_too() -> None:
    line = await synced(config_map("a"), app=app(automated=None))
    line.edit_app({"operation": {"sync": {}, "initiatedBy": {"username": "ada"}}})
    await line.settle()
    assert line.written() == []
    approve(line)
    await line.settle()
    assert line.operation()["initiatedBy"] == {"username": "ada"}
    assert line.has("ConfigMap", "a")


async def test_drift_is_corrected_without_an_approval() -> None:
    line = await approved(config_map("a"))
    line.edit("ConfigMap", "a", {"data": {"color": "green"}})
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue"}


async def test_drift_of_what_a_waiting_plan_leaves_alone_is_corrected_meanwhile() -> None:
    line = await approved(config_map("a"), config_map("b"))
    line.commit(config_map("a"), config_map("b", {"color": "red"}))
    await line.settle()
    digest = line.status()["plan"]["digest"]
    line.edit("ConfigMap", "a", {"data": {"color": "green"}})
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue"}
    assert line.live("ConfigMap", "b")["data"] == {"color": "blue"}
    assert line.status()["plan"]["digest"] == digest


async def test_hooks_belong_to_the_plan() -> None:
    line = await synced(job("before", annotations=HOOK), config_map("a"), app=app())
    assert line.status()["plan"]["hooks"] == 1
    digest = line.status()["plan"]["digest"]
    line.commit(job("before", annotations={**HOOK, "note": "other"}), config_map("a"))
    await line.settle()
    assert line.status()["plan"]["digest"] != digest
    approve(line)
    await line.settle()
    assert line.words() == ("Synced", "Healthy")


async def test_prunes_wait_and_what_is_lost_with_them_is_told() -> None:
    claim = manifest("v1", "PersistentVolumeClaim", "data", spec={"accessModes": ["ReadWriteOnce"]})
    line = await approved(config_map("a"), config_map("b"), config_map("c"), claim, namespace("extra"))
    line.create(config_map("inside", namespace="extra"))
    line.commit(config_map("a"), config_map("b"), config_map("c"))
    await line.settle()
    plan = line.status()["plan"]
    assert plan["prune"] == 2
    assert any(words.startswith("PersistentVolumeClaim web/data, and its data") for words in plan["losses"])
    assert "Namespace extra, and all that is in it: ConfigMap." in plan["losses"]
    assert line.has("PersistentVolumeClaim", "data")


async def test_it_says_which_workloads_restart_and_which_go_on_with_old_settings() -> None:
    user = deployment("user")
    user["spec"]["template"]["spec"]["containers"][0]["envFrom"] = [{"configMapRef": {"name": "a"}}]
    reader = deployment("reader")
    reader["spec"]["template"]["spec"]["volumes"] = [{"name": "a", "configMap": {"name": "a"}}]
    line = await approved(config_map("a"), deployment("front"), user, reader)
    line.commit(config_map("a", {"color": "red"}), deployment("front", "shop:2"), user, reader)
    await line.settle()
    plan = line.status()["plan"]
    (restart,) = plan["restarts"]
    assert restart.startswith("apps/Deployment web/front replaces its pods: .spec.template")
    assert [words.partition(" and does not")[0] for words in plan["notRestarted"]] == [
        "apps/Deployment web/reader mounts ConfigMap web/a",
        "apps/Deployment web/user has ConfigMap web/a in its environment",
    ]


async def test_a_crash_at_any_request_neither_loses_nor_doubles_an_approval() -> None:
    whole = await story()
    for number in range(len(whole.api.requests)):
        for after in (False, True):
            other = await story((number, after))
            where = f"crash {'after' if after else 'before'} request {number} ({whole.api.requests[number]})"
            assert other.written() == whole.written(), where
            assert other.status()["plan"]["digest"] == whole.status()["plan"]["digest"], where
            assert other.operation()["approved"] == whole.operation()["approved"], where


async def story(crash: tuple[int, bool] | None = None) -> Line:
    """A plan is approved and carried out, and the next one waits."""
    line = Line()
    line.api.crash_at = crash
    line.commit(config_map("a"))
    line.create(app())
    await line.survive()
    approve(line)
    await line.survive()
    line.commit(config_map("a", {"color": "red"}))
    await line.survive()
    return line
