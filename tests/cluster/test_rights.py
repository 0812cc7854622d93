"""An operator whose account may not do everything: what is refused is named, and the rest is done."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from devcluster.cluster import DevCluster
from tests.cluster.kube import Kube
from tests.cluster.operator import NAMESPACE, Operator, running
from tests.cluster.scene import Scene, config_map, deployment

pytestmark = pytest.mark.cluster

ACCOUNT = "confined"
_ACCOUNT = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}
_API = "rbac.authorization.k8s.io"


def binding(role: str, kind: str = "ClusterRole") -> dict[str, object]:
    place = {} if kind == "ClusterRole" else {"namespace": NAMESPACE}
    return {
        "apiVersion": f"{_API}/v1",
        "kind": f"{kind}Binding",
        "metadata": {"name": f"confined-{role}", **place},
        "roleRef": {"apiGroup": _API, "kind": kind, "name": role},
        "subjects": [_ACCOUNT],
    }


def writer(*resources: str) -> dict[str, object]:
    """May write these, and namespaces."""
    rules = [
        {"apiGroups": ["", "apps"], "resources": ["namespaces", *resources], "verbs": ["create", "patch", "delete"]},
    ]
    return {
        "apiVersion": f"{_API}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "confined-writer"},
        "rules": rules,
    }


@pytest.fixture(scope="module")
def confined(devcluster: DevCluster, kube: Kube) -> Iterator[Path]:
    """A kubeconfig of an account with deploy/20-rbac.yaml and ConfigMaps only."""
    kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT, "namespace": NAMESPACE}})
    made = [
        writer("configmaps"),
        binding("confined-writer"),
        binding("gitops-operator"),
        binding("gitops-operator", "Role"),
    ]
    for body in made:
        kube.apply(body)
    yield devcluster.kubeconfig_for(ACCOUNT, NAMESPACE)
    for body in made:
        metadata = body["metadata"]
        assert isinstance(metadata, dict)
        kube.delete(f"{_API}/{body['kind']}", metadata["name"], metadata.get("namespace", ""))


@pytest.fixture(scope="module")
def operator(confined: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    with running(Operator(confined, tmp_path_factory.mktemp("operator"))) as operator:
        yield operator


def test_a_refused_write_names_object_place_and_verb_and_is_done_once_it_may(scene: Scene) -> None:
    scene.kube.apply(writer("configmaps"))
    scene.repository.commit({"one.yaml": config_map("one"), "web.yaml": deployment("web")})
    scene.create()
    condition = scene.wait_condition("Ready", "web", "web.yaml:1", "forbidden", status="False")
    assert "patch" in condition["message"] or "create" in condition["message"]
    scene.wait_for(lambda: scene.config_maps() == {"one"}, "what is allowed is done")
    scene.kube.apply(writer("configmaps", "deployments"))
    scene.wait_ready()


def test_a_refused_deletion_names_the_object_and_keeps_the_application(scene: Scene) -> None:
    scene.kube.apply(writer("configmaps"))
    scene.follow({"one.yaml": config_map("one")})
    scene.kube.apply(writer())
    scene.delete()
    scene.wait_condition("Ready", "one", "forbidden", status="False")
    scene.kube.apply(writer("configmaps"))
    scene.wait_gone()
    assert scene.config_maps() == set()
