"""The documentation keeps its word: its commands run, and what it shows is accepted by the API server."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from devcluster.cluster import DevCluster
from devcluster.git_server import GitServer
from tests.cluster.documents import DOCS, PAGES, blocks, manifests, run, script
from tests.cluster.kube import Kube
from tests.cluster.operator import NAMESPACE, ROOT

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]
MOVING = Path(__file__).parent / "moving"
REPOSITORY = "https://git.example.com/team/shop.git"
HANDOVER = f"gitops-operator.io/handover: {NAMESPACE}/shop"
PLAIN = [
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"greeting": "hello"}},
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "registry.example.com/web:1.0"}]},
            },
        },
    },
    {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "shop-reader"},
        "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}],
    },
]


# --- the five-minute start ---


def test_every_command_of_the_five_minute_start_runs(tmp_path: Path) -> None:
    name = f"start-{secrets.token_hex(3)}"
    replaced = {"make setup": "make --question setup", "--name start": f"--name {name}"}
    try:
        said = run(script(DOCS / "start.md", replaced), {**os.environ, "TMPDIR": str(tmp_path)}, timeout=200)
    finally:
        down = [sys.executable, "-m", "devcluster", "down", "--name", name]
        subprocess.run(down, cwd=ROOT, capture_output=True, timeout=60, check=False)
    assert "was changed by kubectl-patch at .data.greeting; it is as Git wants it again" in said
    assert "deployment.apps/web   3/3" in said
    assert list(tmp_path.iterdir()) == []


# --- moving ---


@contextmanager
def foreign(cluster: DevCluster, kind: str, group: str, namespace: str) -> Iterator[None]:
    """The definition of another tool's kind, as far as the pages need it, and the namespaces; both go."""
    plural = f"{kind.lower()}s"
    names = {"kind": kind, "plural": plural, "singular": kind.lower()}
    version = "v1alpha1" if group == "argoproj.io" else "v1"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    served = [{"name": version, "served": True, "storage": True, "schema": schema}]
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": served},
    }
    cluster.apply(json.dumps(definition))
    cluster.established(f"{plural}.{group}")
    for name in (namespace, "shop"):
        cluster.kubectl("create", "namespace", name)
    try:
        yield
    finally:
        cluster.kubectl("delete", "gapp", "--all", "--namespace", NAMESPACE, "--timeout=60s")
        cluster.kubectl("delete", "crd", f"{plural}.{group}", "--timeout=60s")
        cluster.kubectl("delete", "clusterrole", "shop-reader", "--ignore-not-found")
        cluster.kubectl("delete", "namespace", namespace, "shop", "--timeout=60s")


def owned_by(annotations: dict[str, dict[str, str]], labels: dict[str, str]) -> str:
    """What another tool has put into the cluster: one field more than Git has today."""
    objects: list[Any] = json.loads(json.dumps(PLAIN))
    for body in objects:
        body["metadata"] |= {"annotations": annotations.get(body["kind"], {}), "labels": labels}
        if body["kind"] != "ClusterRole":
            body["metadata"]["namespace"] = "shop"
    objects[0]["data"]["old"] = "not in Git any more"
    return yaml.safe_dump_all(objects)


def follow(page: str, cluster: DevCluster, git: GitServer) -> str:
    """Runs a page from its first command to its last."""
    name = f"moving-{secrets.token_hex(3)}"
    git.create(name).commit({"deploy/all.yaml": yaml.safe_dump_all(PLAIN)})
    environment = {**cluster.environment()}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    return run(script(DOCS / "moving" / page, {REPOSITORY: git.http_url(name)}), environment, timeout=120)


def assert_moved(kube: Kube) -> None:
    """All of it is ours alone, and nothing was restarted."""
    settings, web = kube.get("ConfigMap", "settings", "shop"), kube.get("apps/Deployment", "web", "shop")
    assert settings["data"] == {"greeting": "hello"}
    for found in (settings, web, kube.get("ClusterRole", "shop-reader")):
        marks = {*found["metadata"]["annotations"], *(found["metadata"].get("labels") or {})}
        assert "gitops-operator.io/tracking-id" in marks
        assert not [mark for mark in marks if "argoproj.io" in mark or "fluxcd.io" in mark]
    assert len(kube.list("apps/ReplicaSet", "shop")) == 1


@pytest.mark.usefixtures("operator")
def test_an_application_moves_from_argo_cd_as_its_page_says(devcluster: DevCluster, kube: Kube, git: GitServer) -> None:
    annotation = "argocd.argoproj.io/tracking-id"
    annotations = {
        "ConfigMap": {annotation: "shop:/ConfigMap:shop/settings"},
        "Deployment": {annotation: "shop:apps/Deployment:shop/web"},
        "ClusterRole": {annotation: "shop:rbac.authorization.k8s.io/ClusterRole:shop/shop-reader"},
    }
    with foreign(devcluster, "Application", "argoproj.io", "argocd"):
        manager = "--field-manager=argocd-controller"
        devcluster.kubectl("apply", manager, "-f", "-", stdin=owned_by(annotations, {}))
        devcluster.kubectl("apply", "-f", str(MOVING / "argo-cd.yaml"))
        follow("argo-cd.md", devcluster, git)
        assert_moved(kube)


@pytest.mark.usefixtures("operator")
def test_an_application_moves_from_flux_as_its_page_says(devcluster: DevCluster, kube: Kube, git: GitServer) -> None:
    prefix = "kustomize.toolkit.fluxcd.io"
    labels = {f"{prefix}/name": "shop", f"{prefix}/namespace": "flux-system"}
    with foreign(devcluster, "Kustomization", prefix, "flux-system"):
        manager = "--field-manager=kustomize-controller"
        devcluster.kubectl("apply", "--server-side", manager, "-f", "-", stdin=owned_by({}, labels))
        devcluster.kubectl("apply", "-f", str(MOVING / "flux.yaml"))
        follow("flux.md", devcluster, git)
        assert_moved(kube)


# --- what pages show ---


@pytest.mark.parametrize("page", [page for page in PAGES if list(manifests(page))], ids=lambda page: page.stem)
def test_every_object_that_a_page_shows_is_accepted(page: Path, devcluster: DevCluster, kube: Kube) -> None:
    for manifest in manifests(page):
        namespace = manifest["metadata"].get("namespace", NAMESPACE)
        kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        body = json.dumps({**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}})
        devcluster.kubectl("create", "--dry-run=server", "--validate=strict", "-f", "-", stdin=body)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_block_of_yaml_can_be_read(page: Path) -> None:
    for block in blocks(page, "yaml"):
        assert list(yaml.safe_load_all(block))
