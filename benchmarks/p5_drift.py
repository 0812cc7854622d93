"""P5: how long a foreign edit lasts: 200 of them on as many objects, in a cache of 10,000."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from statistics import quantiles
from typing import Any, NamedTuple

import aiohttp

from benchmarks import bare, masses, objects
from benchmarks.rows import Benchmark, Reading, Round, Row, Target
from benchmarks.world import World, world
from devcluster.cluster import DevCluster

Json = dict[str, Any]

_LARGE, _SMALL, _SMALL_ONES = 1000, 20, 40
_OTHERS = 10_000 - _LARGE - _SMALL * _SMALL_ONES
_DRIFTS = 200
_PAUSE = 0.05
_PATIENCE = 60.0
_MEDIAN, _TAIL = "a foreign edit undone: median", "a foreign edit undone: 99th percentile"
_EDITS = {
    "ConfigMap": ("data", "tag"),
    "Service": ("spec", "selector", "app"),
    "Deployment": ("spec", "template", "spec", "containers", 0, "image"),
}
"""What is edited of each kind."""


class _Target(NamedTuple):
    """An object to edit, and what stands in it when all is well."""

    body: Json
    wanted: str

    @property
    def name(self) -> tuple[str, str, str]:
        return _name_of(self.body["kind"], self.body)


def run(rounds: int) -> Iterator[Round]:
    """The first does not count; there are objects enough for six."""
    with world() as place:
        masses.make_namespaces(place.cluster)
        masses.create_config_maps(place.cluster, _OTHERS)
        targets = _chosen(_applications(place))
        for number in range(rounds + 1):
            mine = [targets.pop() for _ in range(_DRIFTS)]  # another edit of the same object would be a fight
            taken = asyncio.run(_disturb(place.cluster, mine, f"drifted-{number}"))
            if number:
                percentiles = quantiles(taken, n=100)
                yield {_MEDIAN: Reading(percentiles[49] * 1000), _TAIL: Reading(percentiles[98] * 1000)}


BENCHMARK = Benchmark(
    "P5",
    f"from the answer to a foreign edit until the object is as before, {_DRIFTS} edits, {1 / _PAUSE:.0f} a second",
    (Row(_MEDIAN, "ms", target=Target(150)), Row(_TAIL, "ms", target=Target(1000))),
    run,
)


def _applications(place: World) -> list[list[Json]]:
    """What is followed: one Application of 1,000 objects and 40 of 20."""
    made = []
    for number, size in enumerate([_LARGE, *[_SMALL] * _SMALL_ONES]):
        name, wanted = f"shop-{number}", objects.some(size)
        repository = place.git.create(name)
        repository.commit(objects.as_files(wanted))
        place.follow(name, repository)
        made.append([{**one, "metadata": {**one["metadata"], "namespace": name}} for one in wanted])
    return made


def _chosen(applications: Sequence[Sequence[Json]]) -> list[_Target]:
    """Half of them of the large Application, the others of the small ones, a third of each kind, well mixed."""
    large, *small = ([one for one in some if not one["metadata"]["name"].endswith("-b")] for some in applications)
    others = [one for row in zip(*small, strict=True) for one in row]
    pairs = zip(large, others, strict=False)  # as many as the small ones have
    return [_Target(one, _value(one)) for pair in pairs for one in pair]


async def _disturb(cluster: DevCluster, targets: Sequence[_Target], value: str) -> list[float]:
    """The seconds that each edit lasted."""
    edited: dict[tuple[str, str, str], tuple[float, int]] = {}
    healed: dict[tuple[str, str, str], float] = {}
    wanted = {target.name: target.wanted for target in targets}
    async with bare.connected(cluster) as session:

        def see(kind: str, body: Json) -> None:
            name = _name_of(kind, body)
            version = int(body["metadata"]["resourceVersion"])
            if name in edited and name not in healed and version > edited[name][1] and _value(body) == wanted[name]:
                healed[name] = time.perf_counter() - edited[name][0]

        watches = [asyncio.create_task(_watch(session, kind, see)) for kind in _EDITS]
        await asyncio.sleep(0.5)
        for target in targets:
            version = await _edit(session, target, value)
            edited[target.name] = (time.perf_counter(), version)
            await asyncio.sleep(_PAUSE)
        async with asyncio.timeout(_PATIENCE):
            while len(healed) < len(targets):  # noqa: ASYNC110 - what is measured is measured by the watches
                await asyncio.sleep(0.05)
        for task in watches:
            task.cancel()
        await asyncio.gather(*watches, return_exceptions=True)
    return list(healed.values())


async def _edit(session: aiohttp.ClientSession, target: _Target, value: str) -> int:
    """As `kubectl edit` does; the resourceVersion that it gave the object."""
    pointer = "/" + "/".join(map(str, _EDITS[target.body["kind"]]))
    patch = json.dumps([{"op": "replace", "path": pointer, "value": value}])
    headers = {"Content-Type": "application/json-patch+json"}
    path = f"{bare.path_of(target.body)}?fieldManager=kubectl-edit"
    async with session.patch(path, data=patch, headers=headers) as answer:
        body = await answer.json()
        assert answer.status == 200, body
        return int(body["metadata"]["resourceVersion"])


async def _watch(session: aiohttp.ClientSession, kind: str, see: Any) -> None:
    collection = bare.COLLECTIONS[kind].replace("/namespaces/{}", "")
    never = aiohttp.ClientTimeout(total=None)
    async with session.get(collection, params={"limit": "1"}) as answer:
        version = (await answer.json())["metadata"]["resourceVersion"]
    query = {"watch": "true", "resourceVersion": version}
    async with session.get(collection, params=query, timeout=never) as answer:
        async for line in answer.content:
            event = json.loads(line)
            if event["type"] == "MODIFIED":
                see(kind, event["object"])


def _value(body: Json) -> Any:
    found: Any = body
    for step in _EDITS[body["kind"]]:
        found = found[step] if isinstance(step, int) else found.get(step, {})
    return found


def _name_of(kind: str, body: Json) -> tuple[str, str, str]:
    return kind, body["metadata"]["namespace"], body["metadata"]["name"]
