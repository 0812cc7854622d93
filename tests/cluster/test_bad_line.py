"""An API server that is overloaded, or late, or cuts its watches: everything is done a little later, and once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from devcluster.cluster import DevCluster
from tests.cluster.gateway import Gateway, gateway
from tests.cluster.operator import Operator, running
from tests.cluster.scene import Scene, config_map

pytestmark = pytest.mark.cluster

FILES = {f"{wave}-{number}.yaml": config_map(f"wave-{wave}-{number}", wave) for wave in (0, 1) for number in range(3)}


@pytest.fixture(scope="module")
def line(devcluster: DevCluster) -> Iterator[Gateway]:
    with gateway(devcluster) as served:
        yield served


@pytest.fixture(scope="module")
def operator(line: Gateway, kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    folder = tmp_path_factory.mktemp("operator")
    with running(Operator(line.kubeconfig(kubeconfig, folder), folder)) as operator:
        yield operator


@pytest.fixture(autouse=True)
def _a_good_day(scene: Scene, line: Gateway) -> Iterator[None]:
    """Before the scene is cleared."""
    yield
    line.delay = line.watch_delay = 0.0
    line.refusal = lambda _: 0


def refuse_at_first(line: Gateway, status: int) -> None:
    """Whatever is written is refused once before it passes."""
    refused: set[str] = set()

    def refusal(request: web.Request) -> int:
        if request.method == "GET" or "/leases" in request.path or request.path in refused:
            return 0
        refused.add(request.path)
        return status

    line.refusal = refusal


@pytest.mark.parametrize("status", [429, 500])
def test_refused_writes_are_tried_again_within_the_sync(scene: Scene, line: Gateway, status: int) -> None:
    refuse_at_first(line, status)
    scene.repository.commit(FILES)
    scene.create()
    scene.wait_ready()
    assert scene.status()["operation"]["attempts"] == 1
    assert len(scene.config_maps()) == len(FILES)
    assert line.refused


def test_late_watches_delay_nothing_of_a_sync_and_repeat_nothing(scene: Scene, line: Gateway) -> None:
    scene.follow(FILES)
    line.watch_delay = 5.0
    before = len(line.of_objects())
    sha = scene.repository.commit({path: text.replace("git", "new") for path, text in FILES.items()})
    scene.wait_at(sha)
    written = [one.name for one in line.of_objects()[before:]]
    assert sorted(written) == sorted(scene.config_maps())


def test_late_watches_bring_nothing_back(scene: Scene, line: Gateway) -> None:
    scene.follow(FILES)
    line.watch_delay = 5.0
    scene.wait_at(scene.repository.commit(dict.fromkeys(list(FILES)[3:])))
    assert scene.stays(lambda: len(scene.config_maps()) == 3, 6)
    assert scene.is_ready()


def test_drift_that_happens_while_the_watches_are_cut_is_healed(scene: Scene, line: Gateway) -> None:
    scene.follow(FILES)
    line.refusal = lambda request: 500 if "watch" in request.query else 0
    line.cut_watches()
    scene.kube.edit("ConfigMap", "wave-0-0", scene.namespace, {"data": {"key": "mine"}})
    scene.kube.delete("ConfigMap", "wave-0-1", scene.namespace)
    assert scene.stays(lambda: scene.data("wave-0-0") == {"key": "mine"})
    line.refusal = lambda _: 0
    scene.wait_for(lambda: scene.data("wave-0-0") == {"key": "git"}, "the value is healed")
    scene.wait_for(lambda: scene.data("wave-0-1") == {"key": "git"}, "the object is back")


def is_kopfs(request: web.Request) -> bool:
    """Its list and its watch of Applications; those of our informers say how long, or how much at once."""
    ours = {"timeoutSeconds", "sendInitialEvents", "limit"}
    return request.method == "GET" and request.path.endswith("/applications") and ours.isdisjoint(request.query)


def test_kopf_can_die_and_nothing_stops(scene: Scene, line: Gateway) -> None:
    scene.operator.stop()  # so that Kopf is not just waiting after the bad day of another test
    scene.operator.start()
    scene.follow(FILES)
    restarts = scene.operator.metric("gitops_kopf_restarts_total")
    line.refusal = lambda request: 400 if is_kopfs(request) else 0  # it tries most others again for a minute
    line.cut_watches()
    scene.operator.wait_for(lambda: scene.operator.metric("gitops_kopf_restarts_total") > restarts, "Kopf dies")
    scene.wait_at(scene.repository.commit({"new.yaml": config_map("new")}))
    scene.edit({"spec": {"suspend": {"reason": "seen without Kopf"}}})
    scene.kube.edit("ConfigMap", "new", scene.namespace, {"data": {"key": "mine"}})
    scene.wait_condition("Synced", "seen without Kopf", status="False")
    line.refusal = lambda _: 0
