"""Hooks on the real API server: Jobs that run before, after and instead."""

import pytest

from tests.cluster.kube import Json, manifest
from tests.cluster.scene import AUTOMATED, Scene, config_map

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(120)]

HOOK = "gitops-operator.io/hook"
POLICY = f"{HOOK}-delete-policy"
ONCE = {**AUTOMATED, "retry": {"limit": 0}}


def hook(name: str, phase: str, policy: str = "", behaviour: str = "", *, prefix: str = "") -> str:
    """A Job; `behaviour` is one of kwok's stages: `fail`, or `run` for one that never ends."""
    metadata: Json = {"annotations": {HOOK: phase, **({POLICY: policy} if policy else {})}}
    metadata |= {"generateName": prefix} if prefix else {"name": name}
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "main:1"}]}
    labels = {"devcluster/behaviour": behaviour} if behaviour else {}
    template = {"metadata": {"labels": labels}, "spec": pod}
    spec = {"backoffLimit": 0, "template": template}
    return manifest({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec})


def job(scene: Scene, name: str) -> Json | None:
    return scene.object("batch/Job", name)


def outcomes(scene: Scene) -> dict[str, str]:
    return {one["name"]: one["status"] for one in (scene.status().get("operation") or {}).get("hooks", ())}


def phase(scene: Scene) -> str:
    return str((scene.status().get("operation") or {}).get("phase"))


def test_hooks_run_before_and_after_and_go_as_their_policy_says(scene: Scene) -> None:
    files = {
        "before.yaml": hook("before", "PreSync"),
        "made.yaml": hook("", "PreSync", prefix="made-"),
        "kept.yaml": config_map("kept"),
        "after.yaml": hook("after", "PostSync", "HookSucceeded"),
        "cry.yaml": hook("cry", "SyncFail"),
    }
    scene.follow(files)
    scene.wait_for(lambda: job(scene, "after") is None, "the hook that has succeeded goes")
    found = outcomes(scene)
    assert {name.partition("-")[0]: status for name, status in found.items()} == dict.fromkeys(
        ("before", "made", "after"), "Succeeded"
    )
    before, kept = job(scene, "before"), scene.object("ConfigMap", "kept")
    assert before is not None
    assert kept is not None
    assert before["status"]["completionTime"] <= kept["metadata"]["creationTimestamp"]
    sha = scene.repository.commit({"kept.yaml": config_map("kept", key="new")})
    scene.wait_at(sha)
    again = job(scene, "before")
    assert again is not None
    assert again["metadata"]["uid"] != before["metadata"]["uid"]
    made = [one for one in scene.kube.list("batch/Job", scene.namespace) if one["metadata"]["name"].startswith("made-")]
    assert len(made) == 1
    assert scene.status()["resourceCounts"]["total"] == 1


def test_a_hook_that_fails_stops_the_sync_and_calls_the_hooks_for_that(scene: Scene) -> None:
    files = {"kept.yaml": config_map("kept"), "cry.yaml": hook("cry", "SyncFail")}
    scene.repository.commit({**files, "before.yaml": hook("before", "PreSync", behaviour="fail")})
    scene.create(syncPolicy=ONCE)
    scene.wait_for(lambda: phase(scene) == "Failed", "the sync fails", timeout=60)
    assert outcomes(scene) == {"before": "Failed", "cry": "Succeeded"}
    assert "The PreSync hook batch/Job" in scene.status()["operation"]["message"]
    assert scene.object("ConfigMap", "kept") is None
    sha = scene.repository.commit({"before.yaml": hook("before", "PreSync")})
    scene.wait_at(sha)


def test_a_hook_that_never_ends_is_named_outlives_a_kill_and_can_be_terminated(scene: Scene) -> None:
    scene.repository.commit(
        {"kept.yaml": config_map("kept"), "before.yaml": hook("before", "PreSync", behaviour="run")}
    )
    scene.create(syncPolicy=ONCE)
    scene.wait_condition("Reconciling", "The PreSync hook batch/Job", "before")
    first = job(scene, "before")
    assert first is not None
    scene.operator.kill()
    scene.operator.start()
    scene.wait_condition("Reconciling", "The PreSync hook batch/Job", "before")
    assert scene.stays(lambda: (job(scene, "before") or {}).get("metadata", {}).get("uid") == first["metadata"]["uid"])
    scene.edit({"operation": {"terminate": True}})
    scene.wait_for(lambda: phase(scene) == "Failed", "the sync is terminated")
    scene.wait_for(lambda: job(scene, "before") is None, "the hook goes")
    assert scene.object("ConfigMap", "kept") is None


def test_a_deletion_waits_for_its_hooks_which_can_be_terminated_and_given_up(scene: Scene) -> None:
    scene.follow(
        {
            "first.yaml": hook("first", "PreDelete", behaviour="run"),
            "kept.yaml": config_map("kept"),
            "last.yaml": hook("last", "PostDelete"),
        }
    )
    assert scene.status()["deleteHooks"]["count"] == 2
    assert job(scene, "first") is None
    scene.delete()
    scene.wait_condition("Reconciling", "The PreDelete hook batch/Job", "first", "skip-delete-hooks")
    scene.edit({"operation": {"terminate": True}})
    scene.wait_condition("Stalled", "DeleteHookFailed", "Terminated")
    assert scene.object("ConfigMap", "kept") is not None
    scene.edit({"metadata": {"annotations": {"gitops-operator.io/skip-delete-hooks": "true"}}})
    scene.wait_gone()
    assert scene.object("ConfigMap", "kept") is None
    assert job(scene, "last") is None


def test_a_deletion_ends_once_its_hooks_have_succeeded(scene: Scene) -> None:
    scene.follow(
        {
            "first.yaml": hook("first", "PreDelete"),
            "kept.yaml": config_map("kept"),
            "last.yaml": hook("last", "PostDelete", "HookFailed"),
            "tidy.yaml": hook("tidy", "PostDelete", "HookSucceeded"),
        }
    )
    scene.delete()
    scene.wait_gone()
    assert scene.object("ConfigMap", "kept") is None
    assert job(scene, "first") is None
    last = job(scene, "last")
    assert last is not None
    assert last["status"]["succeeded"] == 1
    assert job(scene, "tidy") is None
