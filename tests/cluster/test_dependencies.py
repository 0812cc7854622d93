"""Applications that depend on each other, on the real API server."""

import pytest

from tests.cluster.operator import NAMESPACE
from tests.cluster.scene import APPLICATION, Scene, config_map, deployment

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(120)]


def test_a_dependency_is_first_for_each_commit_and_last_in_a_deletion(scene: Scene) -> None:
    database = f"{scene.name}-db"
    files = {"db/db.yaml": deployment("db", behaviour="crash-loop"), "web/web.yaml": config_map("web")}
    scene.repository.commit(files)
    scene.create(source={"repoURL": scene.url, "path": "web"}, dependsOn=[{"name": database}])
    scene.wait_condition("Ready", "DependencyNotReady", f"{database}, which does not exist")
    scene.create(database, source={"repoURL": scene.url, "path": "db"})
    scene.wait_condition("Healthy", status="False", name=database)
    scene.wait_condition("Ready", "DependencyNotReady", f"{database}, which is not Ready")
    assert scene.object("ConfigMap", "web") is None
    sha = scene.repository.commit({"db/db.yaml": deployment("db"), "web/web.yaml": config_map("web", key="new")})
    scene.wait_at(sha, database)
    scene.wait_at(sha)
    assert scene.data("web") == {"key": "new"}

    scene.kube.edit("ConfigMap", "web", scene.namespace, {"metadata": {"finalizers": ["example.com/wait"]}})
    for name in (database, scene.name):
        scene.kube.delete(APPLICATION, name, NAMESPACE)
    scene.wait_condition("Ready", "Deleting", "depend on this one go first", name=database)
    assert scene.object("apps/Deployment", "db") is not None
    scene.kube.edit("ConfigMap", "web", scene.namespace, {"metadata": {"finalizers": None}})
    scene.wait_gone()
    scene.wait_gone(database)
    assert scene.object("apps/Deployment", "db") is None
