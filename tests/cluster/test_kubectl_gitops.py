"""What a user does with `kubectl gitops`, the plugin, beside the running operator."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from devcluster.cluster import DevCluster
from devcluster.git_server import GitServer, Login
from tests.cluster.kube import manifest
from tests.cluster.operator import NAMESPACE
from tests.cluster.scene import AUTOMATED, Scene, config_map, deployment

pytestmark = pytest.mark.cluster

MANUAL = {"syncOptions": ["CreateNamespace=true"]}
_PLUGINS = Path(sys.executable).parent  # where `make setup` puts kubectl-gitops


class Said(NamedTuple):
    """What a call printed, and its exit code."""

    code: int
    out: str
    err: str


class Terminal:
    """Somebody's shell, with the real kubectl and the plugin on its PATH."""

    def __init__(self, cluster: DevCluster, cache: Path) -> None:
        self._environment = cluster.environment()
        self._environment["PATH"] = f"{_PLUGINS}{os.pathsep}{self._environment['PATH']}"
        self._environment["XDG_CACHE_HOME"] = str(cache)

    def gitops(self, *words: str, env: Mapping[str, str] | None = None) -> Said:
        """`kubectl gitops …` in the operator's namespace."""
        return self.kubectl("gitops", *words, "-n", NAMESPACE, env=env)

    def kubectl(self, *words: str, env: Mapping[str, str] | None = None) -> Said:
        process = self.start(*words, env=env)
        out, err = process.communicate(timeout=60)
        return Said(process.returncode, out, err)

    def start(self, *words: str, env: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            ["kubectl", *words],
            env={**self._environment, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell without job control starts what it puts into the background with SIGINT ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - it takes no lock
        )


@pytest.fixture
def terminal(devcluster: DevCluster, tmp_path: Path) -> Terminal:
    return Terminal(devcluster, tmp_path)


def test_get_shows_a_table_a_screen_and_names(scene: Scene, terminal: Terminal) -> None:
    scene.follow({"one.yaml": config_map("one")})
    headings, *rows = terminal.gitops("get", "-A").out.splitlines()
    assert headings.split() == ["NAMESPACE", "NAME", "SYNC", "HEALTH", "REVISION", "AGE"]
    assert [NAMESPACE, scene.name, "Synced", "Healthy", scene.repository.sha()[:7]] in [row.split()[:5] for row in rows]
    screen = terminal.gitops("get", scene.name).out
    assert "Policy       syncs by itself, prunes, heals drift" in screen
    assert re.search(r"Last sync +Succeeded .* automated to [0-9a-f]{7}, took \d+s; 2 created", screen)
    assert f"application.gitops-operator.io/{scene.name}" in terminal.gitops("get", "-o", "name").out.splitlines()


def test_an_application_of_another_namespace_is_pointed_at(scene: Scene, terminal: Terminal) -> None:
    scene.create()
    said = terminal.kubectl("gitops", "get", scene.name, "-n", "default")
    assert said.code == 2
    assert f"namespace default has no Application {scene.name}" in said.err
    assert f"there is one in {NAMESPACE}: choose it with -n" in said.err


def test_diff_is_silent_about_what_is_in_sync_and_names_each_field_that_is_not(
    scene: Scene, terminal: Terminal
) -> None:
    files = {"one.yaml": config_map("one", key="git"), "web.yaml": deployment("web")}
    scene.follow(files, syncPolicy={**MANUAL, "automated": {"prune": True}})
    said = terminal.gitops("diff", scene.name)
    assert (said.code, said.out.splitlines()) == (
        0,
        [f"No differences from HEAD ({scene.repository.sha()[:7]}): 2 objects compared."],
    )
    scene.kube.edit("ConfigMap", "one", scene.namespace, {"data": {"key": "mine", "theirs": "kept"}})
    said = terminal.gitops("diff", scene.name, "-o", "json")
    [found] = json.loads(said.out)["objects"]
    [field] = found["differences"]
    line = next(number for number, text in enumerate(files["one.yaml"].splitlines(), 1) if '"key"' in text)
    assert said.code == 1
    assert (found["name"], found["action"], found["reason"]) == ("one", "update", "Drifted")
    assert {**field, "since": ""} == {
        "path": ".data.key",
        "desired": "git",
        "live": "mine",
        "manager": "kubectl-edit",
        "since": "",
        "file": "one.yaml",
        "line": line,
    }


def test_diff_shows_what_another_branch_would_change_and_masks_secrets(scene: Scene, terminal: Terminal) -> None:
    scene.follow({"one.yaml": config_map("one"), "secret.yaml": secret("hunter2")})
    scene.repository.commit({"secret.yaml": secret("hunter3"), "two.yaml": config_map("two")}, branch="next")
    said = terminal.gitops("diff", scene.name, "--revision", "next")
    assert said.code == 1
    assert f"+ ConfigMap {scene.name}/two  it is missing  two.yaml:1" in said.out
    assert f"- ConfigMap {scene.name}/one  Git does not have it any more" in said.out
    assert ".data.password" in said.out
    assert "Git: secret.yaml:" in said.out
    assert "aHVudGVy" not in said.out
    assert "hunter" not in said.out


def secret(password: str) -> str:
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"}, "stringData": {"password": password}}
    return manifest(body)


def test_diff_uses_the_credentials_of_the_namespace_and_the_rights_of_whoever_asks(
    devcluster: DevCluster, scene: Scene, terminal: Terminal, tmp_path: Path
) -> None:
    folder = tmp_path / "private"
    folder.mkdir()
    with GitServer(folder, login=Login(user="bot", password="s3cr3t-word")) as server:
        server.create("private").commit({"one.yaml": config_map("one"), "secret.yaml": secret("x")})
        url = server.http_url("private")
        scene.kube.apply(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {
                    "name": scene.name,
                    "namespace": NAMESPACE,
                    "labels": {"gitops-operator.io/secret-type": "repository"},
                },
                "stringData": {"url": url, "username": "bot", "password": "s3cr3t-word"},
            }
        )
        scene.create(source={"repoURL": url, "path": "."})
        scene.wait_ready()
        assert terminal.gitops("diff", scene.name).code == 0
        devcluster.kubectl("create", "serviceaccount", "viewer", "-n", scene.namespace)
        for namespace in (scene.namespace, NAMESPACE):
            account = f"--serviceaccount={scene.namespace}:viewer"
            devcluster.kubectl("create", "rolebinding", scene.name, "--clusterrole=view", account, "-n", namespace)
        grant_applications(devcluster, scene)
        viewer = {"KUBECONFIG": str(devcluster.kubeconfig_for("viewer", scene.namespace))}
        said = terminal.gitops("diff", scene.name, env=viewer)
        assert said.code == 2
        assert "You may not read the operator's credentials: secrets is forbidden" in said.err
        refused = terminal.gitops("sync", scene.name, env=viewer)
        assert refused.code == 2
        assert "cannot patch resource" in refused.err
        assert "s3cr3t-word" not in said.err + said.out


def grant_applications(devcluster: DevCluster, scene: Scene) -> None:
    """The right to read Applications, which Kubernetes' own role `view` does not have."""
    rule = ["--verb=get,list,watch", "--resource=applications.gitops-operator.io"]
    devcluster.kubectl("create", "role", f"{scene.name}-apps", *rule, "-n", NAMESPACE)
    account = f"--serviceaccount={scene.namespace}:viewer"
    devcluster.kubectl(
        "create", "rolebinding", f"{scene.name}-apps", f"--role={scene.name}-apps", account, "-n", NAMESPACE
    )


def test_sync_says_what_it_does_and_what_came_of_it(scene: Scene, terminal: Terminal) -> None:
    sha = scene.repository.commit({"web.yaml": deployment("web", behaviour="slow"), "late.yaml": config_map("late", 1)})
    scene.create(syncPolicy=MANUAL)
    scene.wait_condition("Synced", "NotAutomated")
    said = terminal.gitops("sync", scene.name)
    assert said.code == 0
    assert re.search(rf"{scene.name}: Sync wave 0: .*Deployment.*Progressing", said.err)
    assert re.match(rf"Synced {NAMESPACE}/{scene.name} to {sha[:7]} in \d+s: 3 created\.\n", said.out)
    assert scene.status()["operation"]["initiatedBy"]["username"] not in {"", "root"}  # as the cluster knows us


def test_a_sync_that_fails_is_told_with_the_reason(scene: Scene, terminal: Terminal) -> None:
    scene.follow({"one.yaml": config_map("one")})
    said = terminal.gitops("sync", scene.name, "--revision", "nowhere")
    assert said.code == 1
    assert said.out.startswith(f"Failed to sync {NAMESPACE}/{scene.name} to nowhere")
    assert "has no branch or tag nowhere" in said.out


def test_whoever_stops_watching_leaves_the_sync_running_and_the_next_one_is_refused(
    scene: Scene, terminal: Terminal
) -> None:
    scene.repository.commit({"web.yaml": deployment("web", behaviour="pending")})
    scene.create(syncPolicy={**MANUAL, "wait": True})
    watching = terminal.start("gitops", "sync", scene.name, "-n", NAMESPACE)
    scene.wait_condition("Ready", "Syncing", "web", status="False")
    time.sleep(0.5)  # the watcher hears of it when we do
    watching.send_signal(signal.SIGINT)
    _, err = watching.communicate(timeout=20)
    assert watching.returncode == 130
    assert f"goes on: kubectl gitops wait --for=idle {NAMESPACE}/{scene.name}" in err
    assert "Traceback" not in err
    second = terminal.gitops("sync", scene.name)
    assert second.code == 1
    assert "is running (manual by" in second.err
    assert "--replace" in second.err
    assert scene.status()["operation"]["phase"] == "Running"


def test_a_sync_that_cannot_begin_is_taken_back(scene: Scene, terminal: Terminal) -> None:
    scene.repository.commit(
        {"widget.yaml": manifest({"apiVersion": "x.io/v1", "kind": "Widget", "metadata": {"name": "w"}})}
    )
    scene.create(syncPolicy=MANUAL)
    said = terminal.gitops("sync", scene.name)
    assert said.code == 1
    assert "did not begin, and the request is taken back: KindUnknown" in said.err
    assert "operation" not in scene.seen()


def test_a_closed_window_is_shown_and_told_at_once(scene: Scene, terminal: Terminal) -> None:
    scene.repository.commit({"a.yaml": config_map("a")})
    always = {"kind": "deny", "schedule": "* * * * *", "duration": "1h", "timeZone": "Europe/Berlin"}
    scene.create(syncPolicy={"automated": {}, "windows": [always]})
    scene.wait_condition("Ready", "OutsideSyncWindow")
    assert "OutsideSyncWindow" in terminal.gitops("get", scene.name).out
    said = terminal.gitops("sync", scene.name)
    assert said.code == 1
    assert "is outside its sync windows. A window denies syncs now: '* * * * *' (Europe/Berlin) for 1h." in said.err


def test_a_suspended_application_is_not_even_asked(scene: Scene, terminal: Terminal) -> None:
    scene.create(suspend={"reason": "freeze"})
    before = scene.seen()["metadata"]["generation"]
    said = terminal.gitops("sync", scene.name)
    assert said.code == 1
    assert "is suspended (freeze)" in said.err
    assert scene.seen()["metadata"]["generation"] == before


def test_refresh_waits_for_the_look_and_wait_for_the_goal(scene: Scene, terminal: Terminal) -> None:
    scene.follow({"one.yaml": config_map("one")})
    sha = scene.repository.commit({"one.yaml": config_map("one", key="new")})
    assert terminal.gitops("refresh", scene.name).code == 0
    said = terminal.gitops("wait", scene.name)
    assert (said.code, said.out) == (0, f"{NAMESPACE}/{scene.name} is ready\n")
    assert scene.is_at(sha)
    assert "gitops-operator.io/refresh" not in scene.seen()["metadata"].get("annotations", {})


def test_wait_says_what_is_lacking_when_its_time_is_over(scene: Scene, terminal: Terminal) -> None:
    scene.repository.commit({"one.yaml": "apiVersion: v1\nkind: {"})
    scene.create()
    scene.wait_condition("Ready", "RenderFailed", status="False")
    said = terminal.gitops("wait", scene.name, "--timeout=1s")
    assert said.code == 3
    assert f"{NAMESPACE}/{scene.name} is not ready: RenderFailed: one.yaml:2" in said.err


def test_wait_sees_an_application_go(scene: Scene, terminal: Terminal) -> None:
    scene.follow({"one.yaml": config_map("one")})
    waiting = terminal.start("gitops", "wait", f"{NAMESPACE}/{scene.name}", "--for=deleted")
    scene.delete()
    out, _ = waiting.communicate(timeout=30)
    assert (waiting.returncode, out) == (0, f"{NAMESPACE}/{scene.name} is deleted\n")


def test_kubectl_completes_the_names_of_applications(scene: Scene, terminal: Terminal) -> None:
    scene.create()
    said = terminal.kubectl("__complete", "gitops", "sync", "-n", NAMESPACE, scene.name[:4])
    assert scene.name in said.out.splitlines()


def test_only_what_is_named_is_synced(terminal: Terminal, scene: Scene) -> None:
    scene.repository.commit({"a.yaml": config_map("a"), "b.yaml": config_map("b")})
    scene.create(syncPolicy=MANUAL)
    scene.wait_condition("Synced", "NotAutomated")
    said = terminal.gitops("sync", scene.name, "--resource", f":ConfigMap:{scene.namespace}/a")
    assert said.code == 0, said.err
    assert scene.config_maps() == {"a"}
    assert "history" not in scene.status()
    said = terminal.gitops("sync", scene.name, "--resource", ":ConfigMap:c")
    assert said.code == 1
    assert "ConfigMap c is not part of the Application" in said.out


def test_a_plan_is_approved_as_it_was_looked_at_and_no_other(scene: Scene, terminal: Terminal) -> None:
    scene.repository.commit({"a.yaml": config_map("a"), "web.yaml": deployment("web")})
    scene.create(syncPolicy={**AUTOMATED, "approval": "required"})
    scene.wait_condition("Ready", "ApprovalPending")
    seen = scene.status()["plan"]
    assert (seen["create"], seen["prune"]) == (3, 0)
    scene.repository.commit({"b.yaml": config_map("b")})
    scene.wait_for(lambda: scene.status()["plan"]["digest"] != seen["digest"], "another commit is another plan")
    late = terminal.gitops("approve", scene.name, "--digest", seen["digest"])
    assert late.code == 1
    assert "something has moved since" in late.err
    assert scene.config_maps() == set()
    done = terminal.gitops("approve", scene.name)
    assert done.code == 0, done.err
    assert "4 to create" in done.out
    scene.wait_ready()
    assert scene.config_maps() == {"a", "b"}
    sha = scene.repository.commit({"a.yaml": config_map("a", key="new")})
    scene.wait_condition("Ready", "ApprovalPending", sha[:7], "1 to update")
    assert scene.data("a") == {"key": "git"}
