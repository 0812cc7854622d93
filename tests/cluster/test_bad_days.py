"""Days that break a cluster: its API server goes away, or somebody uninstalls our CRD."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devcluster.cluster import DevCluster
from tests.cluster.installation import CRD, install
from tests.cluster.kube import Kube
from tests.cluster.operator import ROOT, Operator, running
from tests.cluster.scene import AUTOMATED, Scene, config_map

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]

FILES = {"one.yaml": config_map("one"), "two.yaml": config_map("two")}
OUTAGE = 12.0
LONG_OUTAGE = 60.0


@pytest.fixture(scope="module")
def own() -> Iterator[DevCluster]:
    """To be broken."""
    with DevCluster("bad-days") as cluster:
        yield cluster


@pytest.fixture(scope="module")
def account(own: DevCluster) -> Path:
    return install(own)


@pytest.fixture(scope="module")
def kube(own: DevCluster, account: Path) -> Kube:
    return Kube(own)


@pytest.fixture(scope="module")
def operator(account: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    with running(Operator(account, tmp_path_factory.mktemp("operator"), lease_duration=6)) as operator:
        yield operator


def outage(own: DevCluster, scene: Scene, seconds: float) -> None:
    scene.follow(FILES)
    uid = scene.kube.get("ConfigMap", "one", scene.namespace)["metadata"]["uid"]
    with own.apiserver_down():
        sha = scene.repository.commit({"one.yaml": config_map("one", key="new"), "two.yaml": None})
        time.sleep(seconds)
        assert scene.operator.is_running()
        assert scene.operator.get("/healthz")[0] == 200
    scene.wait_at(sha, timeout=90)
    assert scene.config_maps() == {"one"}
    assert scene.kube.get("ConfigMap", "one", scene.namespace)["metadata"]["uid"] == uid
    scene.kube.edit("ConfigMap", "one", scene.namespace, {"data": {"key": "mine"}})
    scene.wait_for(lambda: scene.data("one") == {"key": "new"}, "the value is healed")


def test_the_operator_survives_the_api_server(own: DevCluster, scene: Scene) -> None:
    outage(own, scene, OUTAGE)


@pytest.mark.soak
def test_the_operator_survives_the_api_server_for_a_minute(own: DevCluster, scene: Scene) -> None:
    outage(own, scene, LONG_OUTAGE)


def test_an_operator_that_starts_before_the_api_server_waits_for_it(
    own: DevCluster, account: Path, scene: Scene, tmp_path: Path
) -> None:
    scene.operator.stop()
    scene.repository.commit(FILES)
    early = Operator(account, tmp_path, "early")
    try:
        with own.apiserver_down():
            early.start(wait=False)
            early.wait_for(lambda: early.port > 0, "it serves its probes")
            assert early.get("/readyz")[0] == 503
            time.sleep(3)
        early.wait_for(early.is_ready, "it to be ready", timeout=60)
    finally:
        early.stop()
        scene.operator.start()
    scene.create()
    scene.wait_ready()


def test_an_operator_that_starts_before_its_crd_says_so_and_waits_for_it(
    own: DevCluster, account: Path, scene: Scene, tmp_path: Path
) -> None:
    scene.operator.stop()
    own.kubectl("delete", "crd", CRD, "--timeout=30s")
    early = Operator(account, tmp_path, "early")
    try:
        early.start(wait=False)
        early.wait_for(lambda: "crds/" in early.get("/readyz")[1], "it says what is missing")
        own.kubectl("apply", "-f", str(ROOT / "crds"))
        early.wait_for(early.is_ready, "it to be ready")
    finally:
        early.stop()
        own.kubectl("apply", "-f", str(ROOT / "crds"))
        scene.operator.start()
    scene.follow(FILES)


def test_uninstalling_the_crd_leaves_the_objects_and_frees_the_applications(own: DevCluster, scene: Scene) -> None:
    scene.follow(FILES)
    own.kubectl("delete", "crd", CRD, "--timeout=30s")
    try:
        assert scene.stays(lambda: scene.data("one") == {"key": "git"})
        assert scene.config_maps() == {"one", "two"}
    finally:
        own.kubectl("apply", "-f", str(ROOT / "crds"))
        own.established(CRD)
    scene.create(syncPolicy=AUTOMATED)
    scene.wait_ready()
    sha = scene.repository.commit({"one.yaml": config_map("one", key="new")})
    scene.wait_at(sha)
