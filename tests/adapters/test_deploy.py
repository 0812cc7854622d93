"""The plain manifests, applied to a real API server under a name of their own."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from devcluster.cluster import DevCluster
from devcluster.errors import DevClusterError
from gitops_operator.settings import Settings

ROOT = Path(__file__).parents[2]
MANIFESTS = sorted((ROOT / "deploy").glob("*.yaml"))
NAME = "deploy-test"
ACCOUNT = f"--as=system:serviceaccount:{NAME}:{NAME}"
on_a_cluster = pytest.mark.cluster


@pytest.fixture(scope="module")
def cluster(devcluster: DevCluster) -> Iterator[DevCluster]:
    devcluster.kubectl("apply", "--server-side", "-f", str(ROOT / "crds"))
    for path in MANIFESTS:
        if "writer" not in path.name:
            devcluster.apply(renamed(path))
    yield devcluster
    for path in reversed(MANIFESTS):
        devcluster.kubectl("delete", "--ignore-not-found", "--wait=false", "-f", "-", stdin=renamed(path))


def renamed(path: Path) -> str:
    return re.sub(r"gitops-operator(?!\.io)", NAME, path.read_text(encoding="utf-8"))


@on_a_cluster
def test_two_replicas_run_in_a_namespace_that_refuses_privileges(cluster: DevCluster) -> None:
    cluster.kubectl("rollout", "status", "-n", NAME, f"deployment/{NAME}", "--timeout=30s")
    assert cluster.kubectl("get", "pods", "-n", NAME, "-o", "name").count("pod/") == 2


@on_a_cluster
@pytest.mark.parametrize(
    "right",
    [
        "create deployments.apps -n default",
        "patch configmaps -A",
        "delete pods -A",
        "delete applications.gitops-operator.io -A",
        "create leases.coordination.k8s.io -n default",
        f"patch leases.coordination.k8s.io/another -n {NAME}",
        "impersonate serviceaccounts -A",
        "create serviceaccounts/token -A",
        # What a wildcard over resources opens together with "get": a shell in every Pod and on every node.
        "get nodes --subresource=proxy",
        "get pods --subresource=exec -A",
        "get pods --subresource=log -A",
    ],
)
def test_without_the_writers_role_the_operator_changes_nothing_of_others(cluster: DevCluster, right: str) -> None:
    assert not may(cluster, right)


@on_a_cluster
def test_the_writers_role_covers_whatever_git_may_hold(cluster: DevCluster) -> None:
    for path in MANIFESTS:
        if "writer" in path.name:
            cluster.apply(renamed(path))
    try:
        assert may(cluster, "create deployments.apps -A")
        assert may(cluster, "bind clusterroles.rbac.authorization.k8s.io")
    finally:
        cluster.kubectl("delete", "clusterrolebinding", f"{NAME}-writer")


@on_a_cluster
def test_kustomize_builds_the_same_and_the_schema(cluster: DevCluster) -> None:
    built = [name(body) for body in yaml.safe_load_all(cluster.kubectl("kustomize", str(ROOT / "deploy")))]
    plain = [name(body) for path in MANIFESTS for body in bodies(path)]
    assert sorted(built) == sorted([*plain, "CustomResourceDefinition/applications.gitops-operator.io"])


def test_the_deployment_agrees_with_the_defaults() -> None:
    settings = Settings()
    assert [port["containerPort"] for port in container()["ports"]] == [settings.http_port, settings.webhook_port]
    assert str(settings.data_folder) in [mount["mountPath"] for mount in container()["volumeMounts"]]
    assert all(body["metadata"].get("namespace", settings.namespace) == settings.namespace for body in everything())


def test_image_and_deployment_name_the_same_user() -> None:
    security = deployment()["spec"]["template"]["spec"]["securityContext"]
    wanted = f"USER {security['runAsUser']}:{security['runAsGroup']}"
    assert wanted in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()


def may(cluster: DevCluster, right: str) -> bool:
    try:
        return cluster.kubectl("auth", "can-i", *right.split(), ACCOUNT).strip() == "yes"
    except DevClusterError as error:
        if "exit code 1" not in str(error):
            raise
        return False


def bodies(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def everything() -> list[dict[str, Any]]:
    return [body for path in MANIFESTS for body in bodies(path)]


def name(body: dict[str, Any]) -> str:
    return f"{body['kind']}/{body['metadata']['name']}"


def deployment() -> dict[str, Any]:
    return next(body for body in everything() if body["kind"] == "Deployment")


def container() -> dict[str, Any]:
    found: dict[str, Any] = deployment()["spec"]["template"]["spec"]["containers"][0]
    return found
