"""Manifests as people publish them: in sync at once, silent afterwards, and healed whatever somebody changes."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path
from random import Random

import pytest
import yaml

from devcluster.git_server import GitServer
from tests.cluster.kube import Json, Kube
from tests.cluster.meddling import Meddled, meddle
from tests.cluster.operator import Operator, running
from tests.cluster.published import published
from tests.cluster.scene import AUTOMATED, Scene, playing

pytestmark = pytest.mark.cluster

OURS = Path(__file__).parent / "manifests"
SILENCE = 15.0
LOOK_INTERVAL = 4
"""Seconds: everything is looked at several times while all is silent, though nothing happens."""
LONG_SILENCE = 300.0
SEED = 7


def ours() -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(OURS.glob("*.yaml"))}


SETS: dict[str, Callable[[], dict[str, str]]] = {
    "ours": ours,
    "argo-cd": lambda: published("argo-cd/install.yaml"),
    "ingress-nginx": lambda: published("ingress-nginx/cloud.yaml"),
    "podinfo": lambda: published(*(f"podinfo/kustomize/{name}.yaml" for name in ("deployment", "hpa", "service"))),
}
# The admission webhook of ingress-nginx, which nobody answers here, refuses every Ingress of the others.
TOGETHER = (("ours",), ("argo-cd", "podinfo"), ("ingress-nginx",))


@pytest.fixture(scope="module")
def operator(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    folder = tmp_path_factory.mktemp("operator")
    with running(Operator(kubeconfig, folder, look_interval=LOOK_INTERVAL)) as operator:
        yield operator


@pytest.fixture(scope="module", params=TOGETHER, ids=", ".join)
def synced(request: pytest.FixtureRequest, kube: Kube, git: GitServer, operator: Operator) -> Iterator[list[Scene]]:
    """Applications of published manifests, Ready."""
    sets = [SETS[name]() for name in request.param]
    with ExitStack() as stack:
        scenes = [stack.enter_context(playing(kube, git, operator)) for _ in sets]
        for scene, files in zip(scenes, sets, strict=True):
            scene.repository.commit(files)
            scene.create(syncPolicy={**AUTOMATED, "wait": True})
        for scene in scenes:
            scene.wait_ready()
        yield scenes


def documents(scene: Scene) -> list[Json]:
    return [body for text in scene.repository.files().values() for body in read(text)]


@cache
def read(text: str) -> list[Json]:
    return [body for body in yaml.load_all(text, yaml.CSafeLoader) if body]


def namespace_of(scene: Scene, body: Json) -> str:
    found: str = body["metadata"].get("namespace", scene.namespace)
    return found


def test_published_manifests_are_in_sync_and_healthy(synced: list[Scene]) -> None:
    for scene in synced:
        # Another test may just have meddled: the objects are healed, and status says so a moment later.
        scene.wait_for(partial(says_synced, scene), "status says Synced")
        status = scene.status()
        assert status["sync"]["status"] == "Synced"
        assert status["health"]["status"] == "Healthy"
        assert status["operation"]["attempts"] == 1
        assert status["resourceCounts"]["total"] == len(documents(scene))
        assert [one for one in status["conditions"] if one["type"] == "ApplyWarning"] == []


def says_synced(scene: Scene) -> bool:
    return bool(scene.status()["sync"]["status"] == "Synced")


def test_published_manifests_cause_no_write_once_they_are_in_sync(synced: list[Scene]) -> None:
    assert writes_within(SILENCE, synced) == {}


@pytest.mark.soak
@pytest.mark.timeout(LONG_SILENCE + 60)
def test_published_manifests_cause_no_write_for_minutes(synced: list[Scene]) -> None:
    assert writes_within(LONG_SILENCE, synced) == {}


def writes_within(seconds: float, scenes: list[Scene]) -> Counter[tuple[str, str]]:
    operator = scenes[0].operator
    time.sleep(3)  # Events go out in the background
    before = operator.writes()
    time.sleep(seconds)
    return operator.writes() - before


@pytest.mark.parametrize("how", ["changed", "removed", "added"])
def test_whatever_somebody_else_changes_is_healed(synced: list[Scene], how: str) -> None:
    meddled = [(scene, one) for scene in synced for one in meddling(scene, how)]
    assert meddled or how == "added"
    for scene, one in meddled:
        scene.wait_for(partial(one.is_healed, scene.kube), f"{one.kind} {one.name}, {one.text} is healed", timeout=20)
    for scene in synced:
        scene.wait_ready()


def meddling(scene: Scene, how: str) -> Iterator[Meddled]:
    """One change to an object of each kind."""
    random, kinds = Random(SEED), set[str]()
    for body in documents(scene):
        if body["kind"] not in kinds and (done := meddle(scene.kube, body, namespace_of(scene, body), how, random)):
            kinds.add(body["kind"])
            yield done
