"""Two operators over one cluster: one writes, the other is ready, and the change of hands is seen by nobody."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from devcluster.cluster import DevCluster
from devcluster.git_server import GitServer
from tests.cluster.gateway import Gateway, gateway
from tests.cluster.kube import Kube
from tests.cluster.operator import Operator, assert_no_bug
from tests.cluster.scene import Scene, config_map, playing

pytestmark = pytest.mark.cluster

LEASE = 4
EACH = 40
"""More than the writes that are in flight at once."""


class Pair(NamedTuple):
    """The operators, each behind a gateway of its own, which knows what it wrote."""

    leader: Operator
    standby: Operator
    of_leader: Gateway
    of_standby: Gateway


@pytest.fixture(scope="module")
def both(
    devcluster: DevCluster, kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[tuple[Operator, Gateway]]]:
    folder = tmp_path_factory.mktemp("operators")
    with gateway(devcluster) as first, gateway(devcluster) as second:
        found = [
            (Operator(served.kubeconfig(kubeconfig, folder), folder, name, lease_duration=LEASE), served)
            for served, name in ((first, "first"), (second, "second"))
        ]
        try:
            yield found
            for operator, _ in found:
                assert_no_bug(operator)
        finally:
            for operator, _ in found:
                operator.stop()


@pytest.fixture
def pair(both: list[tuple[Operator, Gateway]]) -> Pair:
    """Both run again, whatever the test before did to them."""
    for operator, served in both:
        served.delay = 0.0
        if not operator.is_running():
            operator.start()
    operators = [operator for operator, _ in both]
    operators[0].wait_for(lambda: sum(operator.is_leading() for operator in operators) == 1, "one of them leads")
    (leader, of_leader), (standby, of_standby) = sorted(both, key=lambda one: not one[0].is_leading())
    return Pair(leader, standby, of_leader, of_standby)


@pytest.fixture
def scene(kube: Kube, git: GitServer, pair: Pair) -> Iterator[Scene]:
    with playing(kube, git, pair.standby) as scene:
        yield scene


def waves(generation: int, number: int = 4, each: int = 3) -> dict[str, str]:
    names = {f"wave-{wave}-{index}": wave for wave in range(number) for index in range(each)}
    return {f"{name}.yaml": config_map(name, wave, generation=str(generation)) for name, wave in names.items()}


def test_the_standby_is_ready_and_writes_nothing(pair: Pair, scene: Scene) -> None:
    assert pair.standby.is_ready()
    began = time.monotonic()
    scene.follow(waves(1))
    scene.kube.edit("ConfigMap", "wave-0-0", scene.namespace, {"data": {"generation": "mine"}})
    scene.wait_for(lambda: scene.data("wave-0-0") == {"generation": "1"}, "the value is healed")
    assert [one for one in pair.of_standby.writes if one.at > began and "/leases" not in one.path] == []
    assert [one for one in pair.of_standby.writes if one.at > began and one.status < 300] == []
    assert not pair.standby.is_leading()


def test_only_the_leader_shows_applications_in_its_metrics(pair: Pair, scene: Scene) -> None:
    scene.follow(waves(1))
    shown = [
        [labels["name"] for labels, _ in operator.samples("gitops_application_info") if labels["name"] == scene.name]
        for operator in (pair.leader, pair.standby)
    ]
    assert shown == [[scene.name], []]


def test_a_rolling_update_in_the_middle_of_a_sync_goes_unnoticed(pair: Pair, scene: Scene) -> None:
    scene.follow(waves(1))
    for served in (pair.of_leader, pair.of_standby):
        served.delay = 0.1
    began = time.monotonic()
    sha = scene.repository.commit(waves(2))
    scene.wait_for(lambda: scene.data("wave-1-0") == {"generation": "2"}, "the sync is in its second wave")
    operation = scene.status()["operation"]["id"]
    asked = time.monotonic()
    pair.leader.terminate()
    pair.standby.wait_for(pair.standby.is_leading, "the standby leads")
    assert time.monotonic() - asked < 3
    assert pair.leader.exit_code() == 0
    scene.wait_at(sha)
    assert scene.status()["operation"]["id"] == operation
    first, second = pair.of_leader.of_objects(began), pair.of_standby.of_objects(began)
    assert second, "the second had nothing left to do: the test was too slow to terminate the first"
    assert max(one.at for one in first) < min(one.at for one in second)
    names = [one.name for one in first + second]
    assert sorted(names) == sorted(path.removesuffix(".yaml") for path in waves(2))


def test_a_killed_leader_is_followed_when_its_lease_has_run_out(pair: Pair, scene: Scene) -> None:
    scene.follow(waves(1))
    pair.leader.kill()
    killed = time.monotonic()
    sha = scene.repository.commit(waves(2))
    pair.standby.wait_for(pair.standby.is_leading, "the standby leads")
    assert time.monotonic() - killed < LEASE + 3
    scene.wait_at(sha)


def test_a_leader_that_was_frozen_writes_nothing_when_it_wakes(pair: Pair, scene: Scene) -> None:
    scene.follow(waves(1))
    pair.leader.pause()
    pair.standby.wait_for(pair.standby.is_leading, "the standby leads")
    scene.wait_at(scene.repository.commit(waves(2)))
    before = len(pair.of_leader.of_objects())
    pair.leader.resume()
    scene.wait_at(scene.repository.commit(waves(3)))
    pair.leader.wait_for(
        lambda: pair.leader.get("/metrics")[0] == 200 and not pair.leader.is_leading(), "it steps down"
    )
    assert len(pair.of_leader.of_objects()) == before


def test_sigterm_finishes_the_step_in_hand_and_nothing_more(pair: Pair, kube: Kube, git: GitServer) -> None:
    pair.standby.stop()
    with playing(kube, git, pair.leader) as scene:
        scene.follow(waves(1, 2, EACH))
        pair.of_leader.delay = 0.3
        sha = scene.repository.commit(waves(2, 2, EACH))
        scene.wait_for(lambda: scene.data("wave-0-0") == {"generation": "2"}, "the sync has begun")
        began = time.monotonic()
        pair.leader.terminate()
        assert pair.leader.exit_code() == 0
        assert time.monotonic() - began < 10
        generations = {name: scene.data(name)["generation"] for name in scene.config_maps()}
        assert {generation for name, generation in generations.items() if name.startswith("wave-0")} == {"2"}
        assert {generation for name, generation in generations.items() if name.startswith("wave-1")} == {"1"}
        pair.of_leader.delay = 0
        pair.leader.start()
        scene.wait_at(sha)


def test_an_idle_operator_ends_at_once(pair: Pair) -> None:
    began = time.monotonic()
    pair.standby.terminate()
    assert pair.standby.exit_code() == 0
    assert time.monotonic() - began < 5
