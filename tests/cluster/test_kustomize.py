"""Kustomizations, from Git to the cluster."""

import json

import pytest

from tests.cluster.scene import Scene, config_map, deployment

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(120)]

FILES = {
    "prod/kustomization.yaml": "resources: [../base]\nnamePrefix: prod-\n",
    "base/kustomization.yaml": "resources: [web.yaml, config.yaml]\n",
    "base/web.yaml": deployment("web"),
    "base/config.yaml": config_map("config", color="red"),
}


def source(scene: Scene, **more: object) -> dict[str, object]:
    return {"repoURL": scene.url, "path": "prod", **more}


def test_a_kustomization_is_synced_and_a_change_of_its_base_is_noticed(scene: Scene) -> None:
    scene.follow(FILES, source=source(scene))
    assert scene.data("prod-config") == {"color": "red"}
    sha = scene.repository.commit({"base/config.yaml": config_map("config", color="blue")})
    scene.wait_for(lambda: scene.is_at(sha), "the base's commit")
    assert scene.data("prod-config") == {"color": "blue"}


def test_overrides_of_the_application_are_set(scene: Scene) -> None:
    overrides = {"images": ["web=shop/web:7"], "replicas": [{"name": "web", "count": 2}], "nameSuffix": "-x"}
    scene.follow(FILES, source=source(scene, kustomize=overrides))
    found = scene.object("apps/Deployment", "prod-web-x")
    assert found is not None
    assert found["spec"]["replicas"] == 2
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "shop/web:7"


def test_what_is_wrong_is_told_with_file_and_line_and_a_commit_outside_the_folder_mends_it(scene: Scene) -> None:
    broken = {**FILES, "base/kustomization.yaml": json.dumps({"resources": ["web.yaml", "more.yaml"]})}
    scene.repository.commit(broken)
    scene.create(source=source(scene))
    scene.wait_condition("Stalled", "RenderFailed", "base/kustomization.yaml:1:", "there is no base/more.yaml")
    sha = scene.repository.commit({"base/more.yaml": config_map("more")})
    scene.wait_for(lambda: scene.is_at(sha), "the missing file")
    assert scene.data("prod-more") == {"key": "git"}
