"""`kill -9` in the middle of a sync with waves and prunes: the next process goes on, nothing is lost."""

import shutil
import time
from random import Random

import pytest

from devcluster.git_server import GitServer
from tests.cluster.gateway import Gateway, Write
from tests.cluster.kube import Kube
from tests.cluster.operator import Operator
from tests.cluster.scene import TRACKING, Scene, config_map, playing

pytestmark = pytest.mark.cluster

SEEDS = (1, 2, 3, 4, 5, 6, 7, 8)
MANY_SEEDS = tuple(range(100, 150))
WAVES = (-1, 0, 1, 2)
EACH = 4


def files(generation: int) -> dict[str, str | None]:
    """Every object that stays changes with each generation; some come and some go."""
    found: dict[str, str | None] = {}
    for wave in WAVES:
        for number in range(EACH):
            name = f"stays-{wave + 1}-{number}"
            found[f"{name}.yaml"] = config_map(name, wave, generation=str(generation))
        for age in (generation, generation + 1):
            name = f"comes-{wave + 1}-{age}"
            found[f"{name}.yaml"] = config_map(name, wave, generation=str(generation))
    for wave in WAVES if generation else ():
        found[f"comes-{wave + 1}-{generation - 1}.yaml"] = None
    return found


def wanted(generation: int) -> set[str]:
    return {path.removesuffix(".yaml") for path, text in files(generation).items() if text is not None}


@pytest.mark.timeout(300)
def test_a_killed_operator_leaves_nothing_that_the_next_one_does_not_finish(
    kube: Kube, git: GitServer, mortal: Operator, slow: Gateway
) -> None:
    with playing(kube, git, mortal) as scene:
        suffer(scene, slow, SEEDS)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_fifty_kills_leave_nothing_that_the_next_process_does_not_finish(
    kube: Kube, git: GitServer, mortal: Operator, slow: Gateway
) -> None:
    with playing(kube, git, mortal) as scene:
        suffer(scene, slow, MANY_SEEDS)


@pytest.mark.parametrize("keeps_data", [True, False], ids=["with its data folder", "without it"])
def test_a_restart_writes_nothing(
    kube: Kube, git: GitServer, mortal: Operator, slow: Gateway, *, keeps_data: bool
) -> None:
    with playing(kube, git, mortal) as scene:
        scene.follow(wanted_files(1))
        mortal.terminate()
        assert mortal.exit_code() == 0
        if not keeps_data:
            shutil.rmtree(mortal.data_folder)
        began = time.monotonic()
        mortal.start()
        mortal.wait_for(mortal.is_leading, "it leads")
        mortal.wait_for(lambda: mortal.metric("gitops_reconcile_seconds_count") >= 1, "it has looked")
        time.sleep(3)
        assert [one for one in slow.writes if one.at > began and "/leases" not in one.path] == []
        sha = scene.repository.commit({"stays-0-0.yaml": config_map("stays-0-0", -1, generation="2")})
        scene.wait_at(sha)
        assert [one.name for one in slow.of_objects(began)] == ["stays-0-0"]


def wanted_files(generation: int) -> dict[str, str]:
    return {path: text for path, text in files(generation).items() if text is not None}


def suffer(scene: Scene, slow: Gateway, seeds: tuple[int, ...]) -> None:
    policy = {"automated": {"prune": True, "selfHeal": True}, "syncOptions": ["CreateNamespace=true"]}
    scene.repository.commit(files(0))
    scene.create(syncPolicy={**policy, "pruneLimit": "100%"})
    scene.wait_ready()
    for generation, seed in enumerate(seeds, start=1):
        crash(scene, slow, seed, generation)


def crash(scene: Scene, slow: Gateway, seed: int, generation: int) -> None:
    """One sync, cut by a kill after so many writes as the seed says."""
    kept, began = uids(scene), time.monotonic()
    sha = scene.repository.commit(files(generation))
    number = Random(seed).randint(1, len(files(generation)) - 1)
    scene.wait_for(lambda: len(slow.of_objects(began)) >= number, f"there are {number} writes")
    scene.operator.kill()
    told = f"seed {seed}, killed {where_it_stopped(slow.of_objects(began))}"
    scene.operator.start()
    scene.wait_at(sha)
    now = uids(scene)
    assert set(now) == wanted(generation), told
    assert {name: now[name] for name in now.keys() & kept} == {name: kept[name] for name in now.keys() & kept}, told
    check_order(slow.of_objects(began), generation, told)


def uids(scene: Scene) -> dict[str, str]:
    found = scene.kube.list("ConfigMap", scene.namespace)
    return {
        one["metadata"]["name"]: one["metadata"]["uid"]
        for one in found
        if TRACKING in (one["metadata"].get("annotations") or {})
    }


def where_it_stopped(writes: list[Write]) -> str:
    return f"after {len(writes)} writes, the last of them to {writes[-1].name if writes else 'nothing'}"


def wave_of(name: str) -> int:
    return int(name.split("-")[1])


def check_order(writes: list[Write], generation: int, told: str) -> None:
    """Applies by waves, then prunes by waves backwards; each object is written until it is done and not again."""
    good = [one for one in writes if one.status < 300 and one.name.startswith(("stays", "comes"))]
    applies = [one for one in good if one.method == "PATCH"]
    prunes = [one for one in good if one.method == "DELETE"]
    assert {one.name for one in applies} == wanted(generation), told
    assert {one.name for one in prunes} == wanted(generation - 1) - wanted(generation), told
    waves = [wave_of(one.name) for one in applies]
    assert waves == sorted(waves), told
    assert [wave_of(one.name) for one in prunes] == sorted((wave_of(one.name) for one in prunes), reverse=True), told
    assert max(one.at for one in applies) < min(one.at for one in prunes), told
    # Whoever is killed before it hears the answer has to ask again: twice, and no oftener.
    assert all([one.name for one in good].count(name) <= 2 for name in {one.name for one in good}), told
