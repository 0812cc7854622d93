"""The image, built from the Dockerfile without a container engine: what it holds, and that it delivers."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devcluster.errors import DevClusterError
from devcluster.git_server import GitServer
from devcluster.programs import HELM_VERSION, KUBERNETES_VERSION, KUSTOMIZE_VERSION
from tests.cluster.image import READ_ONLY_KUBECONFIG, Image, NotHereError, built_image
from tests.cluster.kube import Kube
from tests.cluster.operator import Operator, running
from tests.cluster.scene import config_map, playing

pytestmark = [pytest.mark.cluster, pytest.mark.soak, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def image(request: pytest.FixtureRequest) -> Iterator[Image]:
    """Built once; what came of it stands on a line of its own, also when nothing could be tried."""
    failed = request.session.testsfailed
    try:
        with built_image() as built:
            size = built.megabytes
            yield built
            outcome = "passed" if request.session.testsfailed == failed else "FAILED"
            say(request, f"built {size} MB, ran against Kubernetes {KUBERNETES_VERSION.removeprefix('v')}: {outcome}")
    except NotHereError as error:
        say(request, f"NOT TRIED: {error}")
        pytest.skip(str(error))
    except DevClusterError:
        say(request, "FAILED: it cannot be built")
        raise


def say(request: pytest.FixtureRequest, text: str) -> None:
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        sys.stdout.write(f"\nimage: {text}\n")


def test_it_runs_as_a_user_that_nobody_else_is(image: Image) -> None:
    assert image.run("id").split()[:2] == ["uid=65532", "gid=65532"]


def test_it_has_the_helm_and_kustomize_of_go_mod(image: Image) -> None:
    assert f'"{HELM_VERSION}"' in image.run("helm", "version")
    assert image.run("kustomize", "version").strip() == KUSTOMIZE_VERSION


def test_it_says_how_it_is_used(image: Image) -> None:
    assert "--namespace" in image.run("gitops-operator", "run", "--help")


def test_it_carries_no_tool_that_installs(image: Image) -> None:
    assert image.run("sh", "-c", "ls /opt/gitops-operator/bin").split().count("pip") == 0


def test_on_a_read_only_disk_it_makes_a_cluster_equal_to_git(
    image: Image, kube: Kube, git: GitServer, kubeconfig: Path, tmp_path: Path
) -> None:
    place = {"data_folder": "/var/lib/gitops-operator"}
    program = image.read_only(kubeconfig)
    contained = Operator(READ_ONLY_KUBECONFIG, tmp_path, "contained", program=program, **place)
    with running(contained), playing(kube, git, contained) as scene:
        scene.follow({"one.yaml": config_map("one")})
        assert scene.data("one") == {"key": "git"}
        scene.wait_at(scene.repository.commit({"one.yaml": config_map("one", key="new")}))
