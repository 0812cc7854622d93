"""P6: what the operator's process holds: alone, per 10,000 ConfigMaps of others, per 10,000 Deployments of its own."""

import json
import time
from collections.abc import Iterator
from functools import partial

from benchmarks import masses
from benchmarks.rows import Benchmark, Reading, Round, Row, Target
from benchmarks.world import API, Ground, World, application, ground
from devcluster.waiting import wait_until
from tests.cluster.operator import Operator, running

_NUMBER = 10_000
_APPLICATIONS = 10
_IDLE, _MAPS, _DEPLOYMENTS = "resident, idle", "10,000 untracked ConfigMaps of 1.5 KB", "10,000 Deployments of 8 KB"
_AT_WORK = "the same in the process that applied them"
_CALM = 5
_FIRST_LOOKS = 45
_PATIENCE = 900.0


def run(rounds: int) -> Iterator[Round]:
    """Every reading is of a process of its own: without objects, with ConfigMaps, with both."""
    with ground() as place:
        operator = Operator(place.kubeconfig, place.folder, poll_interval=3600, lease_duration=120)
        idle = [_resident(place, operator) for _ in range(rounds)]
        masses.make_namespaces(place.cluster)
        masses.create_config_maps(place.cluster, _NUMBER)
        maps = [_resident(place, operator) for _ in range(rounds)]
        at_work = _applied(place, operator)
        deployments = [_resident(place, operator) for _ in range(rounds)]
    for alone, some, all_of_them in zip(idle, maps, deployments, strict=True):
        yield {
            _IDLE: Reading(alone),
            _MAPS: Reading(some - alone),
            _DEPLOYMENTS: Reading(all_of_them - some),
            _AT_WORK: Reading(at_work - some),
        }


BENCHMARK = Benchmark(
    "P6",
    "memory of the operator's process",
    (
        Row(_IDLE, "MB", target=Target(150)),
        Row(_MAPS, "MB", target=Target(8)),
        Row(_DEPLOYMENTS, "MB", target=Target(25)),
        Row(_AT_WORK, "MB"),
    ),
    run,
)


def _resident(place: Ground, operator: Operator) -> float:
    """Of a process that has just looked at everything."""
    with running(operator, _PATIENCE):
        return _calm(World(place.cluster, place.git, operator))


def _calm(world: World) -> float:
    """The megabytes once they stand still, after the operator has had time to return what its first looks have freed.

    It goes on verifying its objects by dry runs for minutes; this changes little.
    """
    time.sleep(_FIRST_LOOKS)
    seen = [world.resident_megabytes()]
    while len(seen) < _CALM or max(seen[-_CALM:]) - min(seen[-_CALM:]) > 1:
        time.sleep(1)
        seen.append(world.resident_megabytes())
    return seen[-1]


def _applied(place: Ground, operator: Operator) -> float:
    """Ten Applications of a thousand Deployments each."""
    with running(operator, _PATIENCE):
        world = World(place.cluster, place.git, operator)
        for number in range(_APPLICATIONS):
            name, repository = f"shop-{number}", place.git.create(f"shop-{number}")
            mine = range(number, _NUMBER, _APPLICATIONS)
            repository.commit({f"{index:05}.yaml": json.dumps(masses.deployment(index)) for index in mine})
            place.cluster.apply(json.dumps(application(name, place.git.http_url(name))))
            wait_until(partial(_is_synced, place, name), f"{name} to be applied", timeout=_PATIENCE)
        return _calm(world)


def _is_synced(place: Ground, name: str) -> bool:
    """Applied. How soon the controllers of Deployments observe ten thousand of them is not our affair."""
    seen = place.cluster.api.get(f"{API}/{name}") or {}
    conditions = seen.get("status", {}).get("conditions", ())
    return any(one["type"] == "Synced" and one["status"] == "True" for one in conditions)
