"""What people change about an Application while it lives, and what happens to objects around it."""

import asyncio

from gitops_operator.cluster.request import Request
from gitops_operator.model.resource import ResourceKey
from tests.builders import (
    application,
    as_file,
    config_map,
    custom_resource_definition,
    deployment,
    gizmo,
    job,
    namespace,
)
from tests.fake_api import EVERYBODY, UNAVAILABLE, RefusalError
from tests.fakes import Line, key, synced

IMMUTABLE = RefusalError(
    422,
    'Job.batch "migrate" is invalid: spec.template: Invalid value: field is immutable',
    "Invalid",
    ("FieldValueInvalid", "Invalid value: field is immutable", "spec.template"),
)


async def test_another_destination_moves_the_objects() -> None:
    line = await synced(config_map("a"), config_map("b"), app=application(policy={"pruneLimit": "100%"}))
    line.edit_app({"spec": {"destination": {"namespace": "default"}}})
    await line.settle()
    assert line.has("ConfigMap", "a", "default")
    assert not line.has("ConfigMap", "a", "web")
    assert line.words() == ("Synced", "Healthy")


async def test_another_path_syncs_other_files() -> None:
    line = Line()
    line.commit(config_map("a"), files={"other/b.yaml": as_file(config_map("b"))})
    line.create(application())
    await line.settle()
    line.edit_app({"spec": {"source": {"path": "other"}}})
    await line.settle()
    assert line.names("ConfigMap") == ["b"]
    assert line.words() == ("Synced", "Healthy")


async def test_turning_pruning_on_later_prunes_what_was_left() -> None:
    line = await synced(config_map("a"), config_map("b"), app=application(automated={"selfHeal": True}))
    line.commit(config_map("a"))
    await line.settle()
    line.edit_app({"spec": {"syncPolicy": {"automated": {"prune": True}}}})
    await line.settle()
    assert line.names("ConfigMap") == ["a"]
    assert line.words() == ("Synced", "Healthy")


async def test_turning_automation_off_leaves_drift_alone() -> None:
    line = await synced(config_map("a"))
    line.edit_app({"spec": {"syncPolicy": {"automated": None}}})
    await line.settle()
    line.edit("ConfigMap", "a", {"data": {"color": "red"}})
    await line.after(600)
    assert line.live("ConfigMap", "a")["data"] == {"color": "red"}
    assert line.words()[0] == "OutOfSync"


async def test_turning_automation_off_while_synced_changes_nothing_else() -> None:
    line = await synced(config_map("a"))
    line.edit_app({"spec": {"syncPolicy": {"automated": None}}})
    await line.settle()
    assert line.words() == ("Synced", "Healthy")
    assert line.condition("Ready")["status"] == "True"


async def test_a_revert_is_synced_as_any_other_commit() -> None:
    line = await synced(config_map("a"))
    line.commit(config_map("a", {"color": "red"}))
    await line.settle()
    line.commit(config_map("a"))
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue"}
    assert len(line.status()["history"]) == 3


async def test_a_namespace_that_is_deleted_by_hand_is_made_again_with_everything_in_it() -> None:
    line = await synced(namespace("other"), config_map("a", namespace="other"))
    line.delete("Namespace", "other")
    await line.after(60)
    assert line.has("ConfigMap", "a", "other")
    assert line.words() == ("Synced", "Healthy")


async def test_a_definition_that_is_deleted_by_hand_comes_back_with_its_objects() -> None:
    line = await synced(custom_resource_definition(), gizmo("one"))
    line.delete("CustomResourceDefinition", "gizmos.example.com")
    await line.after(60)
    assert line.has("Gizmo", "one")
    assert line.words() == ("Synced", "Healthy")


async def test_an_object_that_is_going_is_waited_for_and_then_made_again() -> None:
    line = await synced(config_map("a", finalizers=["example.com/wait"]))
    line.delete("ConfigMap", "a")
    with line.watching() as seen:
        await line.after(300)
    assert [str(sent) for sent in seen if sent.verb == "apply"] == []
    assert "example.com/wait" in str(line.status()["resources"])
    line.edit("ConfigMap", "a", {"metadata": {"finalizers": None}})
    await line.settle()
    assert line.words() == ("Synced", "Healthy")
    assert "deletionTimestamp" not in line.live("ConfigMap", "a")["metadata"]


async def test_an_immutable_field_fails_with_advice() -> None:
    line = await synced(job("migrate"))
    line.api.refuse(IMMUTABLE, "apply", "migrate")
    line.commit(job("migrate", labels={"run": "2"}))
    await line.settle()
    assert line.operation()["phase"] == "Failed"
    assert "Force=true" in line.operation()["message"]
    assert "spec.template" in line.operation()["message"]


async def test_force_makes_it_anew() -> None:
    line = await synced(job("migrate", options=["Force=true"]))
    uid = line.live("Job", "migrate")["metadata"]["uid"]
    line.api.refuse(IMMUTABLE, "apply", "migrate", dry_run=True)

    def collect_soon(request: Request, of: ResourceKey) -> None:
        """The pass waits for the old object to go: that happens, and is heard of, meanwhile."""
        asyncio.get_running_loop().call_later(0.05, line.hear)

    line.api.before_write = collect_soon
    line.commit(job("migrate", options=["Force=true"], labels={"run": "2"}))
    await line.settle()
    assert line.live("Job", "migrate")["metadata"]["uid"] != uid
    assert line.words() == ("Synced", "Healthy")


async def test_replace_puts_the_object() -> None:
    line = await synced(config_map("a", options=["Replace=true"]))
    uid = line.live("ConfigMap", "a")["metadata"]["uid"]
    line.commit(config_map("a", {"color": "red"}, options=["Replace=true"]))
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "red"}
    assert line.live("ConfigMap", "a")["metadata"]["uid"] == uid
    assert "update ConfigMap web/a" in line.written()
    assert line.words() == ("Synced", "Healthy")
    with line.watching() as seen:
        await line.after(600)
    assert seen == []


async def test_a_correction_that_fails_for_a_moment_is_tried_again() -> None:
    line = await synced(config_map("a"))
    line.api.refuse(UNAVAILABLE, "apply", "a", times=2)
    line.edit("ConfigMap", "a", {"data": {"color": "red"}})
    await line.after(30)
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue"}
    assert line.words() == ("Synced", "Healthy")


async def test_a_correction_that_is_refused_is_told_and_tried_less_and_less_often() -> None:
    line = await synced(config_map("a"))
    line.api.refuse(RefusalError(403, "a policy forbids it", "Forbidden"), "apply", "a")
    line.edit("ConfigMap", "a", {"data": {"color": "red"}})
    await line.after(60)
    assert line.words()[0] == "OutOfSync"
    assert "a policy forbids it" in str(line.status()["conditions"])
    with line.watching() as seen:
        await line.after(3600)
    assert 3 <= sum(sent.verb == "apply" for sent in seen) <= 40


async def test_a_deployment_that_gets_sick_makes_the_application_degraded() -> None:
    line = await synced(deployment("front"))
    line.controllers = frozenset()
    status = line.live("Deployment", "front")["status"]
    sick = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    line.api.set_status(key("Deployment", "front"), {**status, "conditions": [sick]})
    await line.settle()
    assert line.words() == ("Synced", "Degraded")
    assert "Deployment web/front" in line.status()["health"]["message"]
    line.controllers = EVERYBODY
    await line.settle()
    assert line.words() == ("Synced", "Healthy")


async def test_the_descendant_that_is_to_blame_is_named() -> None:
    line = await synced(deployment("front"), controllers=frozenset())
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "front", "controller": True}
    owner["uid"] = line.live("Deployment", "front")["metadata"]["uid"]
    waiting = {"name": "main", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "front-1", "namespace": "web", "ownerReferences": [owner]},
        "spec": {"containers": [{"name": "main", "image": "shop:1"}]},
    }
    line.create(pod)
    line.api.set_status(key("Pod", "front-1"), {"phase": "Pending", "containerStatuses": [waiting]})
    await line.settle()
    assert "Pod front-1" in line.status()["health"]["message"]
    assert "cannot pull its image" in line.status()["health"]["message"]


async def test_an_application_that_comes_back_finds_its_orphans() -> None:
    line = await synced(config_map("a"), app=application(spec={"deletionPolicy": "Orphan"}))
    uid = line.live("ConfigMap", "a")["metadata"]["uid"]
    line.delete_app()
    await line.settle()
    assert line.names("Application") == []
    line.create(application())
    await line.settle()
    assert line.words() == ("Synced", "Healthy")
    assert line.live("ConfigMap", "a")["metadata"]["uid"] == uid


async def test_many_applications_in_one_repository_each_sync_their_own() -> None:
    line = Line()
    names = [f"app{number}" for number in range(8)]
    line.commit(files={f"{name}/a.yaml": as_file(config_map(name)) for name in names})
    line.create(*(application(name) for name in names))
    await line.settle()
    assert line.names("ConfigMap") == names
    assert {line.words(name) for name in names} == {("Synced", "Healthy")}


async def test_a_sync_that_only_prunes_is_a_sync() -> None:
    line = await synced(config_map("a"), config_map("b"))
    line.commit(config_map("a"))
    await line.settle()
    assert line.operation()["phase"] == "Succeeded"
    assert len(line.status()["history"]) == 2


async def test_an_object_of_a_kind_that_goes_away_is_not_pruned_by_guessing() -> None:
    line = await synced(config_map("a"))
    line.create(custom_resource_definition())
    line.commit(config_map("a"), gizmo("one"))
    await line.settle()
    assert line.words() == ("Synced", "Healthy")
    line.delete("CustomResourceDefinition", "gizmos.example.com")
    await line.after(30)
    assert line.words()[0] == "Unknown"
    assert line.condition("Stalled")["reason"] == "KindUnknown"
    line.create(custom_resource_definition())
    await line.after(30)
    assert line.words() == ("Synced", "Healthy")
    assert line.has("Gizmo", "one")
