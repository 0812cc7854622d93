"""The life of an installation, with the real helm: what is the user's outlives each of its steps."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from devcluster.cluster import DevCluster
from devcluster.errors import DevClusterError
from devcluster.git_server import GitServer
from tests.cluster.installation import CHART, CRD, RELEASE, helm, upgrade
from tests.cluster.kube import Kube
from tests.cluster.operator import ACCOUNT, NAMESPACE, ROOT, Operator, running
from tests.cluster.scene import Scene, config_map, deployment, playing

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(180)]

FILES = {"one.yaml": config_map("one"), "two.yaml": config_map("two")}
OLD = {"name": "Old", "type": "string", "jsonPath": ".spec.project"}
LITTLE = (
    "clusterAdmin=false",
    "write.clusterRole=deployer",
    "rbac.readEverything=false",
    "rbac.readRules[0].apiGroups[0]=",
    "rbac.readRules[0].resources={configmaps,namespaces}",
    "rbac.readRules[0].verbs={list,watch}",
)
APPLICATION = {
    "apiVersion": "gitops-operator.io/v1alpha1",
    "kind": "Application",
    "metadata": {"name": "idle", "namespace": NAMESPACE},
    "spec": {"source": {"repoURL": "https://git.example.com/a"}, "destination": {}, "suspend": {}},
}
DEPLOYER = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {"name": "deployer"},
    "rules": [
        {
            "apiGroups": [""],
            "resources": ["configmaps", "namespaces"],
            "verbs": ["get", "create", "patch", "update", "delete"],
        }
    ],
}


@pytest.fixture(scope="module")
def own() -> Iterator[DevCluster]:
    with DevCluster("chart") as cluster:
        yield cluster


@pytest.fixture(scope="module")
def kube(own: DevCluster) -> Kube:
    return Kube(own)


def installed(own: DevCluster, folder: Path, *values: str) -> Operator:
    """The operator of a release that was just installed or upgraded."""
    upgrade(own, *values)
    own.established(CRD)
    return Operator(own.kubeconfig_for(ACCOUNT, NAMESPACE), folder, lease_duration=3)


def versions(scene: Scene) -> dict[str, str]:
    """Those of the Application's objects; they change with each write."""
    found = [scene.kube.get("ConfigMap", name, scene.namespace) for name in scene.config_maps()]
    return {one["metadata"]["name"]: one["metadata"]["resourceVersion"] for one in found}


def of_the_release(own: DevCluster) -> set[str]:
    """What is there of the release; without the definition, which is to stay."""
    kinds = "clusterroles,clusterrolebindings,roles,rolebindings,serviceaccounts,services,deployments,secrets"
    label = f"app.kubernetes.io/instance={RELEASE}"
    return set(own.kubectl("get", f"{kinds},pdb,networkpolicies", "-A", "-l", label, "-o", "name").split())


def test_uninstalling_leaves_everything_and_installing_again_goes_on_with_it(
    own: DevCluster, kube: Kube, git: GitServer, tmp_path: Path
) -> None:
    with running(installed(own, tmp_path)) as operator, playing(kube, git, operator) as scene:
        scene.follow(FILES)
        before = versions(scene)
        assert len(of_the_release(own)) >= 10

        # Its Pods live on for a moment, without rights.
        said = helm(own, "uninstall", RELEASE, "--namespace", NAMESPACE)
        assert f"[CustomResourceDefinition] {CRD}" in said  # helm names what it keeps
        assert scene.stays(lambda: versions(scene) == before and scene.is_ready(), seconds=3)
        operator.terminate()
        assert operator.exit_code() == 0
        assert of_the_release(own) == set()
        assert (versions(scene), scene.is_ready()) == (before, True)

        sha = scene.repository.commit({"two.yaml": None})
        installed(own, tmp_path)
        operator.start()
        scene.wait_at(sha)
        assert versions(scene) == {"one": before["one"]}


def test_an_upgrade_brings_the_definition_along_and_touches_nothing_of_the_users(
    own: DevCluster, kube: Kube, git: GitServer, tmp_path: Path
) -> None:
    upgrade(own, chart=older(tmp_path))
    with running(installed(own, tmp_path)) as operator, playing(kube, git, operator) as scene:
        upgrade(own, chart=older(tmp_path))
        assert columns(kube) == ["Old"]
        scene.follow(FILES)
        before, uid = versions(scene), scene.seen()["metadata"]["uid"]
        upgrade(own, "settings.pollInterval=30")
        assert "Sync" in columns(kube)
        assert scene.stays(lambda: versions(scene) == before and scene.is_ready())
        assert scene.seen()["metadata"]["uid"] == uid


def older(folder: Path) -> Path:
    """The chart with another definition."""
    chart = folder / "older"
    shutil.copytree(CHART, chart, dirs_exist_ok=True)
    path = chart / "files" / f"{CRD}.yaml"
    definition = yaml.safe_load(path.read_text(encoding="utf-8"))
    definition["spec"]["versions"][0]["additionalPrinterColumns"] = [
        {"name": "Old", "type": "string", "jsonPath": ".a"}
    ]
    path.write_text(yaml.safe_dump(definition), encoding="utf-8")
    return chart


def columns(kube: Kube) -> list[str]:
    (version,) = kube.get("apiextensions.k8s.io/CustomResourceDefinition", CRD)["spec"]["versions"]
    return [column["name"] for column in version["additionalPrinterColumns"]]


def test_from_the_plain_manifests_to_a_release_applications_and_their_definition_stay(
    own: DevCluster, kube: Kube, tmp_path: Path
) -> None:
    if of_the_release(own):
        helm(own, "uninstall", RELEASE, "--namespace", NAMESPACE)
    own.kubectl("delete", "crd", CRD, "--ignore-not-found", "--timeout=30s")
    own.kubectl("apply", "-f", str(older(tmp_path) / "files"))
    own.established(CRD)
    own.kubectl("apply", "-f", str(ROOT / "deploy"))
    kube.apply(APPLICATION)
    uid = kube.get("gitops-operator.io/Application", "idle", NAMESPACE)["metadata"]["uid"]

    plain = ("20-rbac.yaml", "30-writer.yaml", "40-operator.yaml")
    own.kubectl("delete", *(flag for name in plain for flag in ("-f", str(ROOT / "deploy" / name))))
    with pytest.raises(DevClusterError, match="invalid ownership metadata"):
        upgrade(own)
    upgrade(own, flags=("--take-ownership", "--force-conflicts"))
    assert "Sync" in columns(kube)
    assert kube.get("gitops-operator.io/Application", "idle", NAMESPACE)["metadata"]["uid"] == uid
    kube.delete("gitops-operator.io/Application", "idle", NAMESPACE)


def test_an_operator_that_may_read_little_serves_what_it_may_read_and_names_the_rest(
    own: DevCluster, kube: Kube, git: GitServer, tmp_path: Path
) -> None:
    kube.apply(DEPLOYER)
    with running(installed(own, tmp_path, *LITTLE)) as operator, playing(kube, git, operator) as scene:
        scene.follow(FILES)
        scene.repository.commit({"web.yaml": deployment("web")})
        scene.wait_condition("Ready", "apps/Deployment", "cannot be listed", "forbidden", status="False")
        assert scene.config_maps() == {"one", "two"}
