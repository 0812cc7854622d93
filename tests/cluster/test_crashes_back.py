"""`kill -9` in the middle of an atomic sync that fails, with hooks and prunes, or of its way back."""

import time
from collections import Counter
from random import Random

import pytest

from devcluster.git_server import GitServer
from tests.cluster.gateway import Gateway
from tests.cluster.kube import Kube
from tests.cluster.operator import Operator
from tests.cluster.scene import AUTOMATED, Scene, config_map, playing
from tests.cluster.test_hooks import hook

pytestmark = pytest.mark.cluster

SEEDS = (1, 2, 3, 4, 5, 6, 7, 8)
MANY_SEEDS = tuple(range(200, 250))
STAYS = {"stays-0": 0, "stays-1": 0, "stays-2": 1}
GOOD = {"before.yaml": hook("before", "PreSync"), "goes.yaml": config_map("goes", key="good")}
WRITES = 11
"""So many are sure to come: two hooks, what stays, what comes and what goes, there and back."""
LONG = 60


def stays(text: str) -> dict[str, str]:
    return {f"{name}.yaml": config_map(name, wave, key=text) for name, wave in STAYS.items()}


def bad(number: int) -> dict[str, str | None]:
    """Everything is another, one object comes and one goes, and the last hook fails."""
    gone = {"goes.yaml": None} if number == 1 else {f"comes-{number - 1}.yaml": None}
    comes = {f"comes-{number}.yaml": config_map(f"comes-{number}")}
    return {**stays(f"bad {number}"), **comes, **gone, "after.yaml": hook("after", "PostSync", behaviour="fail")}


@pytest.mark.timeout(300)
def test_a_killed_operator_undoes_what_failed_all_the_same(
    kube: Kube, git: GitServer, mortal: Operator, slow: Gateway
) -> None:
    with playing(kube, git, mortal) as scene:
        suffer(scene, slow, SEEDS)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_fifty_kills_keep_no_failed_sync_from_being_undone(
    kube: Kube, git: GitServer, mortal: Operator, slow: Gateway
) -> None:
    with playing(kube, git, mortal) as scene:
        suffer(scene, slow, MANY_SEEDS)


def suffer(scene: Scene, slow: Gateway, seeds: tuple[int, ...]) -> None:
    slow.delay = 0.03
    scene.follow({**GOOD, **stays("good")}, syncPolicy={**AUTOMATED, "atomic": True})
    good = scene.repository.sha()
    for number, seed in enumerate(seeds, start=1):
        crash(scene, slow, seed, number)
        assert [entry["revisions"] for entry in scene.status()["history"]] == [[good]]
    sha = scene.repository.commit({**stays("new"), "after.yaml": None})  # "goes" has been gone from Git since the first
    scene.wait_at(sha, timeout=LONG)


def crash(scene: Scene, slow: Gateway, seed: int, number: int) -> None:
    """One sync that fails, cut there or on the way back by a kill after so many writes as the seed says."""
    began = time.monotonic()
    sha = scene.repository.commit(bad(number))
    writes = Random(seed).randint(1, WRITES - 1)
    scene.wait_for(lambda: len(slow.of_objects(began)) >= writes, f"there are {writes} writes", timeout=LONG)
    scene.operator.kill()
    done = slow.of_objects(began)
    told = f"seed {seed}, killed after {len(done)} writes, the last of them to {done[-1].name}"
    scene.operator.start()
    scene.wait_condition("Ready", "Held", sha[:7], "PostSync hook", timeout=LONG)
    assert {name: scene.data(name) for name in scene.config_maps()} == {
        name: {"key": "good"} for name in (*STAYS, "goes")
    }, told
    applied = Counter(one.name for one in slow.of_objects(began) if one.method == "PATCH" and one.status < 300)
    # Whoever is killed before it hears the answer has to ask again, there and on the way back.
    assert max(applied.values()) <= 3, told
    assert applied["before"] <= 2, told
