"""`kubectl gitops why`, `tree`, `history`, `suspend`, `resume`, `terminate` and `plan` beside the running operator."""

import json
from pathlib import Path

import pytest

from devcluster.cluster import DevCluster
from tests.cluster.kube import manifest
from tests.cluster.scene import AUTOMATED, Scene, config_map, deployment
from tests.cluster.test_kubectl_gitops import MANUAL, Terminal, secret

pytestmark = pytest.mark.cluster


@pytest.fixture
def terminal(devcluster: DevCluster, tmp_path: Path) -> Terminal:
    return Terminal(devcluster, tmp_path)


def test_why_says_who_wrote_a_field_and_what_becomes_of_it(scene: Scene, terminal: Terminal) -> None:
    rule = {"kind": "ConfigMap", "name": "one", "jsonPointers": ["/data/free"]}
    files = {"one.yaml": config_map("one", key="git", free="git"), "secret.yaml": secret("hunter2")}
    scene.follow(files, syncPolicy={**MANUAL, "automated": {"prune": True}}, ignoreDifferences=[rule])
    scene.kube.edit("ConfigMap", "one", scene.namespace, {"data": {"key": "mine", "free": "theirs"}})
    scene.kube.edit("Secret", "login", scene.namespace, {"data": {"password": "aHVudGVyMw=="}})
    said = terminal.gitops("why", scene.name, "ConfigMap/one", "-o", "json")
    [found] = json.loads(said.out)["objects"]
    fields = {one["path"]: one for one in found["differences"]}
    assert said.code == 1
    assert fields[".data.key"]["verdict"] == "stays until the next sync: selfHeal is off"
    assert fields[".data.free"]["verdict"] == "ignored by ignoreDifferences[0]"
    assert fields[".data.key"]["manager"] == "kubectl-edit"
    assert fields[".data.key"]["commit"] == scene.repository.sha()
    everything = terminal.gitops("why", scene.name)
    assert f"Git at {scene.repository.sha()[:7]}: one.yaml:" in everything.out
    assert ".data.password" in everything.out
    assert "aHVudGVy" not in everything.out


def test_why_of_an_object_that_is_as_git_wants_it(scene: Scene, terminal: Terminal) -> None:
    scene.follow({"one.yaml": config_map("one")})
    said = terminal.gitops("why", scene.name, "configmap/one")
    assert (said.code, said.out.splitlines()[0]) == (0, f"= ConfigMap {scene.name}/one  it is as Git wants it")
    assert "has no Deployment/one; it has" in terminal.gitops("why", scene.name, "Deployment/one").err


def test_tree_goes_down_to_the_pods(scene: Scene, terminal: Terminal) -> None:
    scene.follow({"web.yaml": deployment("web")})
    said = json.loads(terminal.gitops("tree", scene.name, "-o", "json").out)
    [web] = [one for one in said["objects"] if one["kind"] == "Deployment"]
    [replica_set] = web["children"]
    [pod] = replica_set["children"]
    assert (web["sync"], web["health"]["status"]) == ("Synced", "Healthy")
    assert (replica_set["kind"], pod["kind"], pod["health"]["status"]) == ("ReplicaSet", "Pod", "Healthy")
    assert "└─ Pod " in terminal.gitops("tree", scene.name).out


def test_history_lists_the_syncs(scene: Scene, terminal: Terminal) -> None:
    scene.follow({"one.yaml": config_map("one")})
    assert terminal.gitops("history", scene.name).out.splitlines()[1].split()[1] == scene.repository.sha()[:7]


def test_an_application_is_suspended_with_a_reason_and_resumed(scene: Scene, terminal: Terminal) -> None:
    scene.follow({"one.yaml": config_map("one", key="git")})
    said = terminal.gitops("suspend", scene.name, "--until", "2h", "--reason", "repair")
    assert said.code == 0
    scene.wait_condition("Suspended", "repair")
    scene.kube.edit("ConfigMap", "one", scene.namespace, {"data": {"key": "mine"}})
    assert "stays: suspended until" in terminal.gitops("why", scene.name).out
    assert scene.data("one") == {"key": "mine"}
    assert "is resumed" in terminal.gitops("resume", scene.name).out
    scene.wait_for(lambda: scene.data("one") == {"key": "git"}, "the drift is corrected")


def test_terminate_ends_a_sync_that_waits(scene: Scene, terminal: Terminal) -> None:
    hook = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "never", "annotations": {"gitops-operator.io/hook": "PreSync"}},
        "spec": {"suspend": True, "template": {"spec": {"restartPolicy": "Never", "containers": []}}},
    }
    hook["spec"]["template"]["spec"]["containers"] = [{"name": "a", "image": "a:1"}]  # type: ignore[index]
    scene.repository.commit({"hook.yaml": manifest(hook), "one.yaml": config_map("one")})
    scene.create()
    scene.wait_for(lambda: (scene.status().get("operation") or {}).get("phase") == "Running", "the sync runs")
    said = terminal.gitops("terminate", scene.name)
    assert (said.code, "Terminated by" in said.out) == (0, True)
    scene.edit({"spec": {"suspend": {}}})
    scene.wait_condition("Suspended")
    assert terminal.gitops("terminate", scene.name).code == 1


def test_plan_shows_the_steps_and_names_the_digest_that_an_approval_takes(scene: Scene, terminal: Terminal) -> None:
    scene.follow({"web.yaml": deployment("web"), "old.yaml": config_map("old"), "one.yaml": config_map("one", 1)})
    scene.create(syncPolicy={**AUTOMATED, "approval": "required"})
    files = {
        "web.yaml": deployment("web", behaviour="slow"),
        "one.yaml": config_map("one", 1, key="new"),
        "old.yaml": None,
    }
    sha = scene.repository.commit(files)
    scene.wait_condition("Ready", "ApprovalPending", sha[:7])
    said = terminal.gitops("plan", scene.name, "-o", "json")
    found = json.loads(said.out)
    assert (said.code, found["failure"], found["revision"]) == (1, "", sha)
    assert found["digest"] == scene.status()["plan"]["digest"]
    steps = [(one["phase"], one["wave"], one["action"], one["name"]) for one in found["steps"]]
    assert steps == [("Sync", 0, "apply", "web"), ("Sync", 1, "apply", "one"), ("Prune", 0, "prune", "old")]
    assert found["restarts"][0].startswith(f"apps/Deployment {scene.namespace}/web replaces its pods")
    assert f"--digest {found['digest']}" in terminal.gitops("plan", scene.name).out
    assert terminal.gitops("approve", scene.name, "--digest", found["digest"]).code == 0
    scene.wait_at(sha)
    assert terminal.gitops("plan", scene.name).code == 0
