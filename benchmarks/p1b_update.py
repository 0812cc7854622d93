"""P1b: how long 10 changed objects of 1,000 take, from the annotation that asks for a look at Git to the last."""

import time
from collections.abc import Iterator

from benchmarks import bare, objects
from benchmarks.rows import Benchmark, Reading, Round, Row, Target
from benchmarks.seen import Eye
from benchmarks.world import World, world
from devcluster.git_server import GitRepository

_NUMBER, _CHANGED, _NAME = 1000, 10, "update"
_ROW, _REQUESTS, _CPU = "10 of 1,000 objects changed", "API requests until status says so", "the operator's CPU for it"


def run(rounds: int) -> Iterator[Round]:
    """The first, which warms everything up, does not count."""
    with world() as place:
        wanted = objects.some(_NUMBER)
        repository = place.git.create(_NAME)
        repository.commit(objects.as_files(wanted))
        place.follow(_NAME, repository)
        place.cluster.kubectl("create", "namespace", "bare")
        with place.operator_paused():
            bare.apply_all(place.cluster, objects.as_sent(wanted, "bare"))
        for number in range(rounds + 1):
            time.sleep(3)  # what a round has stirred up comes to rest
            found = _round(place, f"round-{number}")
            if number:
                yield found


BENCHMARK = Benchmark(
    "P1b",
    "from the refresh annotation to the last of 10 changed objects of 1,000",
    (
        Row(_ROW, "s", f"bare client, {bare.IN_FLIGHT} in flight", Target(0.5)),
        Row(_REQUESTS, "requests", "", Target(16)),
        Row(_CPU, "s"),
    ),
    run,
)


def _round(place: World, tag: str) -> Round:
    """Five Deployments and five ConfigMaps get another value."""
    everything = objects.some(_NUMBER, tag=tag)
    changed = [one for one in everything[: 2 * _CHANGED] if tag in str(one)]
    repository = GitRepository(place.git.folder / f"{_NAME}.git")
    files = dict(list(objects.as_files(everything).items())[: _CHANGED // 2])
    sha = repository.commit(files)
    requests, cpu = place.requests(), place.cpu_seconds()
    with Eye(place.cluster) as eye:
        started = time.perf_counter()
        place.refresh(_NAME)
        eye.wait_for(objects.as_sent(changed, _NAME))
        taken = time.perf_counter() - started
    place.wait_at(_NAME, sha)
    with place.operator_paused():
        beside = bare.apply_all(place.cluster, objects.as_sent(changed, "bare"))
    return {
        _ROW: Reading(taken, beside),
        _REQUESTS: Reading((place.requests() - requests).total()),
        _CPU: Reading(place.cpu_seconds() - cpu),
    }
