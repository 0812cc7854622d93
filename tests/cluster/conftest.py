from collections.abc import Iterator
from pathlib import Path

import pytest

from devcluster.cluster import DevCluster
from devcluster.git_server import GitServer
from tests.cluster.gateway import Gateway, gateway
from tests.cluster.installation import install
from tests.cluster.kube import Kube
from tests.cluster.operator import Operator, assert_no_bug, running
from tests.cluster.scene import Scene, playing


@pytest.fixture(scope="session")
def git(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    """The Git server of all tests; take one of your own to give it a bad day."""
    with GitServer(tmp_path_factory.mktemp("git")) as server:
        yield server


@pytest.fixture(scope="session")
def kubeconfig(devcluster: DevCluster) -> Path:
    """That of the operator's service account, with the roles of the chart."""
    return install(devcluster)


@pytest.fixture(scope="session")
def kube(devcluster: DevCluster, kubeconfig: Path) -> Kube:
    """The administrator, in a cluster where everything is installed but the operator's process."""
    return Kube(devcluster)


@pytest.fixture(scope="module")
def operator(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """The one of a module; a test that ends operators starts its own, in a module without this fixture."""
    with running(Operator(kubeconfig, tmp_path_factory.mktemp("operator"))) as operator:
        yield operator


@pytest.fixture
def scene(kube: Kube, git: GitServer, operator: Operator) -> Iterator[Scene]:
    with playing(kube, git, operator) as scene:
        yield scene


@pytest.fixture
def slow(devcluster: DevCluster) -> Iterator[Gateway]:
    """So slow that a sync takes a while; it outlives the operators and remembers what they wrote."""
    with gateway(devcluster) as served:
        served.delay = 0.05
        yield served


@pytest.fixture
def mortal(slow: Gateway, kubeconfig: Path, tmp_path: Path) -> Iterator[Operator]:
    """One behind it, to be killed and started again."""
    operator = Operator(slow.kubeconfig(kubeconfig, tmp_path), tmp_path, lease_duration=3)
    try:
        yield operator.start()
        assert_no_bug(operator)
    finally:
        operator.stop()
