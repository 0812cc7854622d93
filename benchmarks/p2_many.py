"""P2: N Applications of four objects each from one repository, from the first create to the last one Ready."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import aiohttp

from benchmarks import bare
from benchmarks.objects import as_files, stamped
from benchmarks.rows import Benchmark, Reading, Round, Row, Target
from benchmarks.world import API, World, application, world
from devcluster.cluster import DevCluster
from devcluster.git_server import GitRepository

Json = dict[str, Any]

_NUMBERS = (100, 500, 1000)
_PATIENCE = 900.0
_REQUESTS = "API requests an Application, at 1,000: "
_GROWTH = "time an Application, at 1,000 beside at 100"
_CPU, _MEMORY = "the operator's CPU an Application, at 1,000", "its memory an Application, at 1,000"
_LIMITS = {"objects": None, "finalizer": 1.0, "status": 4.0, "events": 3.0, "others": None}
"""Requests an Application, at most."""

_KINDS = {"configmaps", "services", "deployments", "serviceaccounts"}


def _ready(number: int) -> str:
    return f"{number} Applications Ready"


def run(rounds: int) -> Iterator[Round]:
    """Each number has a cluster and an operator of its own in each round: nothing is left of what came before."""
    for turn in range(rounds):
        yield _round(turn)


BENCHMARK = Benchmark(
    "P2",
    "N Applications × 4 objects from one repository, from the first create to the last Ready",
    (
        *(Row(_ready(number), "s", "bare client", Target(2, of="ratio")) for number in _NUMBERS),
        Row(_GROWTH, "ms", "at 100", Target(1.2, of="ratio")),
        *(
            Row(_REQUESTS + what, "requests", target=Target(limit) if limit else None)
            for what, limit in _LIMITS.items()
        ),
        Row(_CPU, "ms"),
        Row(_MEMORY, "KB"),
    ),
    run,
)


def _round(turn: int) -> Round:
    found: dict[str, Reading] = {}
    taken: dict[str, float] = {}
    for number in _NUMBERS:
        with world() as place:
            _warm_up(place)
            for step in (_subject, _yardstick) if turn % 2 else (_yardstick, _subject):
                taken |= step(place, number)
            found[_ready(number)] = Reading(taken["operator"], taken["bare"])
    first, last = (found[_ready(number)].subject / number * 1000 for number in (_NUMBERS[0], _NUMBERS[-1]))
    found |= {_REQUESTS + what: Reading(taken[what]) for what in _LIMITS}
    return {**found, _GROWTH: Reading(last, first), _CPU: Reading(taken["cpu"]), _MEMORY: Reading(taken["memory"])}


def _warm_up(place: World) -> None:
    repository = place.git.create("warm")
    repository.commit(as_files(_four(0)))
    place.follow("warm", repository)
    time.sleep(3)  # what the start has stirred up comes to rest


def _subject(place: World, number: int) -> dict[str, float]:
    repository, namespace = place.git.create("many"), "operator"
    place.cluster.kubectl("create", "namespace", namespace)
    repository.commit({path: text for index in range(number) for path, text in _folder(index).items()})
    requests, cpu, memory = _requests(place), place.cpu_seconds(), place.resident_megabytes()
    taken = asyncio.run(_created_and_ready(place.cluster, list(_applications(place, repository, namespace, number))))
    spent = _requests(place) - requests
    return {
        "operator": taken,
        "cpu": (place.cpu_seconds() - cpu) / number * 1e3,
        "memory": (place.resident_megabytes() - memory) / number * 1024,
        **{what: spent[what] / number for what in _LIMITS},
    }


def _yardstick(place: World, number: int) -> dict[str, float]:
    place.cluster.kubectl("create", "namespace", "bare")
    objects = [stamped(one, "bare") for index in range(number) for one in _four(index)]
    with place.operator_paused():
        return {"bare": bare.apply_all(place.cluster, objects)}


def _four(index: int) -> list[Json]:
    name = f"app-{index:04}"
    labels = {"app": name}
    pod = {"serviceAccountName": name, "containers": [{"name": "main", "image": "nginx:1.29"}]}
    template = {"metadata": {"labels": labels}, "spec": pod}
    deployment = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    service = {"selector": labels, "ports": [{"name": "http", "port": 80}]}
    metadata = {"metadata": {"name": name}}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", **metadata},
        {"apiVersion": "v1", "kind": "ConfigMap", **metadata, "data": {"key": "value"}},
        {"apiVersion": "v1", "kind": "Service", **metadata, "spec": service},
        {"apiVersion": "apps/v1", "kind": "Deployment", **metadata, "spec": deployment},
    ]


def _folder(index: int) -> Mapping[str, str]:
    return {f"app-{index:04}/{path}": text for path, text in as_files(_four(index)).items()}


def _applications(place: World, repository: GitRepository, namespace: str, number: int) -> Iterator[Mapping[str, Any]]:
    url = place.git.http_url(repository.name)
    for index in range(number):
        source = {"repoURL": url, "path": f"app-{index:04}"}
        yield application(f"app-{index:04}", url, source=source, destination={"namespace": namespace})


async def _created_and_ready(cluster: DevCluster, applications: Sequence[Mapping[str, Any]]) -> float:
    """The seconds from the first create until the watch has shown the last one Ready."""
    missing = {one["metadata"]["name"] for one in applications}
    async with bare.connected(cluster) as session:
        watch = asyncio.create_task(_watch(session, missing))
        started = time.perf_counter()
        async with asyncio.timeout(_PATIENCE):
            await asyncio.gather(bare.create_all(session, ((API, one) for one in applications)), watch)
        return time.perf_counter() - started


async def _watch(session: aiohttp.ClientSession, missing: set[str]) -> None:
    """Until nothing is missing; a watch that ends is begun again, and tells first what there is."""
    never = aiohttp.ClientTimeout(total=None)
    while missing:
        async with session.get(API, params={"watch": "true"}, timeout=never) as answer:
            async for line in answer.content:
                body = json.loads(line)["object"]
                conditions = body.get("status", {}).get("conditions", ())
                if any(one["type"] == "Ready" and one["status"] == "True" for one in conditions):
                    missing.discard(body["metadata"]["name"])
                if not missing:
                    return


def _requests(place: World) -> Counter[str]:
    """What the operator has sent to the API server, by what it was for; neither watches nor its Lease."""
    found: Counter[str] = Counter()
    for labels, value in place.operator.samples("gitops_api_requests_total"):
        resource = labels["resource"]
        if labels["verb"] != "watch" and not resource.endswith("leases"):
            found[_purpose(resource)] += int(value)
    return found


def _purpose(resource: str) -> str:
    if resource.endswith("applications/status"):
        return "status"
    if resource.endswith("applications"):
        return "finalizer"
    if resource.endswith("events"):
        return "events"
    return "objects" if resource.rpartition("/")[2] in _KINDS else "others"
