"""An Application on a good day."""

import time

import pytest

from devcluster.cluster import DevCluster
from devcluster.waiting import wait_until
from tests.cluster.kube import manifest
from tests.cluster.operator import NAMESPACE
from tests.cluster.scene import AUTOMATED, Scene, config_map, deployment

pytestmark = pytest.mark.cluster


def test_a_new_application_becomes_ready_and_kubectl_wait_sees_it(devcluster: DevCluster, scene: Scene) -> None:
    scene.repository.commit({"one.yaml": config_map("one"), "web.yaml": deployment("web")})
    scene.create()
    devcluster.kubectl("wait", "--for=condition=Ready", f"gapp/{scene.name}", "-n", NAMESPACE, "--timeout=50s")
    assert scene.data("one") == {"key": "git"}
    web = scene.object("Deployment", "web")
    assert web is not None
    assert web["status"]["availableReplicas"] == 1
    assert scene.status()["resourceCounts"] == {"total": 2, "outOfSync": 0, "unhealthy": 0}


def test_kubectl_get_shows_sync_health_and_revision(devcluster: DevCluster, scene: Scene) -> None:
    scene.follow({"one.yaml": config_map("one")})
    line = devcluster.kubectl("get", "gapp", scene.name, "-n", NAMESPACE, "--no-headers")
    assert line.split()[:3] == [scene.name, "Synced", "Healthy"]
    assert scene.repository.sha()[:7] in line


def test_a_commit_updates_creates_and_prunes(scene: Scene) -> None:
    scene.follow({"one.yaml": config_map("one"), "two.yaml": config_map("two")})
    sha = scene.repository.commit(
        {"one.yaml": config_map("one", key="new"), "two.yaml": None, "three.yaml": config_map("three")}
    )
    scene.wait_at(sha)
    assert scene.config_maps() == {"one", "three"}
    assert scene.data("one") == {"key": "new"}


def test_a_field_that_git_no_longer_has_goes(scene: Scene) -> None:
    scene.follow({"one.yaml": config_map("one", key="git", old="value")})
    scene.wait_at(scene.repository.commit({"one.yaml": config_map("one", key="git")}))
    assert scene.data("one") == {"key": "git"}


def test_a_changed_value_is_healed_within_a_second(scene: Scene) -> None:
    scene.follow({"one.yaml": config_map("one")})
    scene.kube.edit("ConfigMap", "one", scene.namespace, {"data": {"key": "mine"}})
    assert scene.wait_for(lambda: scene.data("one") == {"key": "git"}, "the value is healed") < 1.5


def test_a_removed_label_is_healed(scene: Scene) -> None:
    body = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "labels": {"team": "a"}}}'
    scene.follow({"one.yaml": body})
    scene.kube.edit("ConfigMap", "one", scene.namespace, {"metadata": {"labels": {"team": None}}})

    def healed() -> bool:
        found = scene.object("ConfigMap", "one") or {"metadata": {}}
        return bool(found["metadata"].get("labels") == {"team": "a"})

    scene.wait_for(healed, "the label is back")


def test_a_deleted_object_comes_back(scene: Scene) -> None:
    scene.follow({"one.yaml": config_map("one")})
    scene.kube.delete("ConfigMap", "one", scene.namespace)
    scene.wait_for(lambda: scene.data("one") == {"key": "git"}, "the object is back")


def test_what_others_add_stays(scene: Scene) -> None:
    scene.follow({"one.yaml": config_map("one")})
    scene.kube.edit("ConfigMap", "one", scene.namespace, {"data": {"theirs": "kept"}})
    scene.kube.edit("ConfigMap", "one", scene.namespace, {"data": {"key": "mine"}})
    scene.wait_for(lambda: scene.data("one")["key"] == "git", "the value is healed")
    assert scene.data("one")["theirs"] == "kept"


def test_without_self_heal_drift_is_reported_and_left(scene: Scene) -> None:
    scene.follow({"one.yaml": config_map("one")}, syncPolicy={**AUTOMATED, "automated": {"prune": True}})
    scene.kube.edit("ConfigMap", "one", scene.namespace, {"data": {"key": "mine"}})
    condition = scene.wait_condition("Synced", "SelfHealOff", "ConfigMap", "one", status="False")
    assert "one.yaml:1" in condition["message"]
    assert scene.stays(lambda: scene.data("one") == {"key": "mine"})


def test_without_pruning_what_git_dropped_is_reported_and_left(scene: Scene) -> None:
    scene.follow(
        {"one.yaml": config_map("one"), "two.yaml": config_map("two")},
        syncPolicy={**AUTOMATED, "automated": {"selfHeal": True}},
    )
    scene.repository.delete("two.yaml")
    scene.wait_condition("Synced", "PruneOff", "ConfigMap", "two", status="False")
    assert scene.stays(lambda: "two" in scene.config_maps())


def test_a_manual_application_waits_for_its_operation(scene: Scene) -> None:
    scene.repository.commit({"one.yaml": config_map("one")})
    scene.create(syncPolicy={"syncOptions": ["CreateNamespace=true"]})
    scene.wait_condition("Synced", "NotAutomated", "one", status="False")
    assert scene.object("ConfigMap", "one") is None
    scene.edit({"operation": {"initiatedBy": {"username": "ann"}, "sync": {}}})
    scene.wait_ready()
    assert "operation" not in scene.seen()
    assert scene.status()["operation"]["initiatedBy"] == {"username": "ann"}
    assert scene.data("one") == {"key": "git"}


def test_an_operation_can_name_an_older_revision_and_prune(scene: Scene) -> None:
    old = scene.repository.commit({"one.yaml": config_map("one", key="old")})
    scene.repository.commit({"one.yaml": config_map("one", key="new"), "two.yaml": config_map("two")})
    scene.create(syncPolicy={"syncOptions": ["CreateNamespace=true"]})
    scene.edit({"operation": {"sync": {}}})
    scene.wait_for(lambda: scene.data("one") == {"key": "new"}, "the newest is there")
    scene.wait_for(lambda: "operation" not in scene.seen(), "the request is taken")
    scene.edit({"operation": {"sync": {"revision": old, "prune": True}}})
    scene.wait_for(
        lambda: scene.data("one") == {"key": "old"} and scene.config_maps() == {"one"}, "the old one is there"
    )


def test_the_refresh_annotation_is_taken_and_looks_now(scene: Scene) -> None:
    scene.follow({"one.yaml": config_map("one")})
    before = scene.git.count(scene.name)
    scene.edit({"metadata": {"annotations": {"gitops-operator.io/refresh": "hard"}}})

    def taken() -> bool:
        return "gitops-operator.io/refresh" not in scene.seen()["metadata"].get("annotations", {})

    scene.wait_for(taken, "the annotation is taken")
    assert scene.git.count(scene.name) > before
    assert scene.is_ready()


def test_a_suspended_application_is_left_alone_until_it_is_resumed(scene: Scene) -> None:
    scene.follow({"one.yaml": config_map("one")})
    scene.edit({"spec": {"suspend": {"reason": "release freeze"}}})
    scene.wait_condition("Synced", status="True")
    sha = scene.repository.commit({"one.yaml": config_map("one", key="new")})
    scene.wait_condition("Synced", "Suspended", "release freeze", status="False")
    assert scene.stays(lambda: scene.data("one") == {"key": "git"})
    scene.edit({"spec": {"suspend": None}})
    scene.wait_at(sha)


def test_a_wave_waits_until_the_one_before_is_healthy(scene: Scene) -> None:
    scene.repository.commit({"web.yaml": deployment("web", 0, behaviour="slow"), "late.yaml": config_map("late", 1)})
    scene.create()
    scene.wait_condition("Ready", "Syncing", "Deployment", "web", status="False")
    assert scene.config_maps() == set()
    scene.wait_ready()
    web, late = scene.object("Deployment", "web"), scene.object("ConfigMap", "late")
    assert web is not None
    assert late is not None
    available = next(one for one in web["status"]["conditions"] if one["type"] == "Available")
    assert late["metadata"]["creationTimestamp"] >= available["lastTransitionTime"]


def test_deletion_takes_the_objects_with_it_in_reverse_waves(scene: Scene) -> None:
    scene.follow({f"{wave}.yaml": config_map(f"wave-{wave}", wave) for wave in (-1, 0, 1)})
    for wave in (0, 1):
        hold = {"metadata": {"finalizers": ["example.com/hold"]}}
        scene.kube.edit("ConfigMap", f"wave-{wave}", scene.namespace, hold)
    scene.delete()
    for wave in (1, 0):
        name = f"wave-{wave}"

        def going(name: str = name) -> bool:
            return bool((scene.object("ConfigMap", name) or {"metadata": {}})["metadata"].get("deletionTimestamp"))

        scene.wait_for(going, f"{name} goes")
        standing = [other for other in range(-1, wave) if not is_going(scene, f"wave-{other}")]
        assert standing == list(range(-1, wave))
        scene.kube.edit("ConfigMap", name, scene.namespace, {"metadata": {"finalizers": None}})
    scene.wait_gone()
    assert scene.config_maps() == set()
    assert scene.kube.find("Namespace", scene.namespace) is not None


def is_going(scene: Scene, name: str) -> bool:
    found = scene.object("ConfigMap", name)
    return found is None or "deletionTimestamp" in found["metadata"]


def test_deletion_with_orphan_leaves_the_objects(scene: Scene) -> None:
    scene.follow({"one.yaml": config_map("one")}, deletionPolicy="Orphan")
    scene.delete()
    scene.wait_gone()
    assert scene.stays(lambda: scene.data("one") == {"key": "git"})


def test_an_application_of_applications_is_ready_with_them_and_takes_them_along(scene: Scene) -> None:
    child = f"{scene.name}-child"
    of_child = scene.application(child, source={"repoURL": scene.url, "path": "child"})
    scene.follow(
        {"parent/child.yaml": manifest(of_child), "child/one.yaml": config_map("one")},
        source={"repoURL": scene.url, "path": "parent"},
        destination={"namespace": NAMESPACE},
        syncPolicy={"automated": {"prune": True, "selfHeal": True}},
    )
    assert scene.is_ready(child)
    assert scene.data("one") == {"key": "git"}
    scene.delete()
    scene.wait_gone()
    assert scene.kube.find("gitops-operator.io/Application", child, NAMESPACE) is None
    assert scene.config_maps() == set()


def test_a_running_sync_can_be_terminated(scene: Scene) -> None:
    scene.repository.commit({"web.yaml": deployment("web", 0, behaviour="slow"), "late.yaml": config_map("late", 1)})
    scene.create(syncPolicy={"syncOptions": ["CreateNamespace=true"]})
    scene.edit({"operation": {"sync": {}}})
    scene.wait_condition("Ready", "Syncing", "web", status="False")
    scene.edit({"operation": {"terminate": True, "initiatedBy": {"username": "ann"}}})
    scene.wait_condition("Ready", "Terminated by ann", status="False")
    assert scene.stays(lambda: scene.config_maps() == set(), 6)


def test_kubectl_describe_tells_the_story(devcluster: DevCluster, scene: Scene) -> None:
    scene.follow({"one.yaml": config_map("one"), "two.yaml": config_map("two")})
    scene.kube.edit("ConfigMap", "one", scene.namespace, {"data": {"key": "mine"}})
    scene.wait_for(lambda: scene.data("one") == {"key": "git"}, "the value is healed")
    scene.wait_at(scene.repository.commit({"two.yaml": None}))

    def described() -> str:
        return devcluster.kubectl("describe", "gapp", scene.name, "-n", NAMESPACE)

    words = ("SyncStarted", "SyncSucceeded", "DriftCorrected", "Pruned", "kubectl-edit", "data.key", "ConfigMap")
    wait_until(
        lambda: all(word in described() for word in words), f"describe holds {words}", explain=described, timeout=10
    )


def test_a_quiet_application_costs_no_write(scene: Scene) -> None:
    scene.follow({"one.yaml": config_map("one"), "web.yaml": deployment("web")})
    time.sleep(2)  # Events go out in the background
    before = scene.operator.writes()
    time.sleep(5)
    assert scene.operator.writes() == before
