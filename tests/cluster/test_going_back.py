"""Back to an earlier version, on the real API server: after an atomic sync that failed, and by one command."""

from pathlib import Path

import pytest

from devcluster.cluster import DevCluster
from tests.cluster.kube import Json
from tests.cluster.scene import AUTOMATED, Scene, config_map, deployment
from tests.cluster.test_kubectl_gitops import Terminal

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(180)]

ATOMIC: Json = {**AUTOMATED, "atomic": True}
LONG = 60


@pytest.fixture
def terminal(devcluster: DevCluster, tmp_path: Path) -> Terminal:
    return Terminal(devcluster, tmp_path)


def test_an_atomic_sync_that_does_not_become_healthy_is_undone_until_there_is_news(scene: Scene) -> None:
    scene.follow({"web.yaml": deployment("web"), "one.yaml": config_map("one", key="good")}, syncPolicy=ATOMIC)
    good = scene.repository.sha()
    scene.create(syncPolicy={**ATOMIC, "timeout": "3s"})
    bad = {"web.yaml": deployment("web", behaviour="pending"), "one.yaml": config_map("one", key="bad")}
    failed = scene.repository.commit({**bad, "more.yaml": config_map("more")})
    said = scene.wait_condition("Ready", "Held", failed[:7], f"kept at {good[:7]}", "No progress for 3 s", timeout=LONG)
    assert said["status"] == "False"
    assert scene.data("one") == {"key": "good"}
    assert scene.config_maps() == {"one"}
    assert scene.status()["operation"]["held"]["source"]["repoURL"] == scene.url
    scene.operator.kill()
    scene.operator.start()
    scene.kube.edit("ConfigMap", "one", scene.namespace, {"data": {"key": "mine"}})
    scene.wait_for(lambda: scene.data("one") == {"key": "good"}, "drift of what is kept is corrected", timeout=LONG)
    assert scene.condition("Ready")["reason"] == "Held"
    scene.create(syncPolicy=ATOMIC)
    scene.wait_at(scene.repository.commit({"web.yaml": deployment("web")}), timeout=LONG)
    assert scene.config_maps() == {"one", "more"}


def test_rollback_goes_back_and_stays_until_somebody_resumes(scene: Scene, terminal: Terminal) -> None:
    scene.follow({"one.yaml": config_map("one", key="first")})
    first = scene.repository.sha()
    scene.wait_at(
        scene.repository.commit({"one.yaml": config_map("one", key="second"), "more.yaml": config_map("more")})
    )
    said = terminal.gitops("rollback", scene.name)
    assert said.code == 0
    assert f"Synced {scene.seen()['metadata']['namespace']}/{scene.name} to {first[:7]}" in said.out
    assert "It stays there until you resume: kubectl gitops resume" in said.out
    assert scene.data("one") == {"key": "first"}
    scene.wait_for(lambda: scene.config_maps() == {"one"}, "what came later is pruned")
    scene.wait_condition("Ready", "RolledBack", "by ", first[:7])
    third = scene.repository.commit({"one.yaml": config_map("one", key="third")})
    assert terminal.gitops("refresh", scene.name).code == 0
    assert scene.stays(lambda: scene.data("one") == {"key": "first"})
    assert "stays: Rolled back to" in terminal.gitops("why", scene.name).out
    assert "the history has no entry 99" in terminal.gitops("rollback", scene.name, "99").err
    assert "follows Git again" in terminal.gitops("resume", scene.name).out
    scene.wait_at(third)
    assert scene.data("one") == {"key": "third"}
