"""P1: how long 1,000 new objects take from the annotation that asks for a look at Git to the last one applied."""

import json
import time
from collections import Counter
from collections.abc import Iterator

from benchmarks import bare, objects
from benchmarks.rows import Benchmark, Reading, Round, Row, Target
from benchmarks.seen import Eye
from benchmarks.world import World, world

_NUMBER = 1000
_ROW, _KUBECTL, _REQUESTS = "1,000 objects created", "beside kubectl", "API requests for all of it"


def run(rounds: int) -> Iterator[Round]:
    """The first, which warms the API server up, does not count."""
    with world() as place:
        for number in range(rounds + 1):
            steps = (_subject, _bare, _kubectl) if number % 2 else (_kubectl, _bare, _subject)
            taken: dict[str, float] = {}
            for step in steps:
                taken |= step(place, number)
            if number:
                yield {
                    _ROW: Reading(taken["operator"], taken["bare"]),
                    _KUBECTL: Reading(taken["operator"], taken["kubectl"]),
                    _REQUESTS: Reading(taken["requests"]),
                }


BENCHMARK = Benchmark(
    "P1",
    "from the refresh annotation to the last of 1,000 objects applied",
    (
        Row(_ROW, "s", f"bare client, {bare.IN_FLIGHT} in flight", Target(1.25, of="ratio")),
        Row(_KUBECTL, "s", "kubectl apply --server-side"),
        Row(_REQUESTS, "requests"),
    ),
    run,
)


def _subject(place: World, number: int) -> dict[str, float]:
    name = f"operator-{number}"
    repository = place.git.create(name)
    repository.commit({"empty.yaml": "# nothing yet\n"})
    place.follow(name, repository)
    wanted = objects.some(_NUMBER)
    sha = repository.commit(objects.as_files(wanted))
    last = objects.as_sent(wanted, name)[-1]
    before = place.requests()
    with Eye(place.cluster) as eye:
        started = time.perf_counter()
        place.refresh(name)
        eye.wait_for_number(last, name, Counter(one["kind"] for one in wanted))
        taken = time.perf_counter() - started
    place.wait_at(name, sha)
    return {"operator": taken, "requests": (place.requests() - before).total()}


def _bare(place: World, number: int) -> dict[str, float]:
    name = f"bare-{number}"
    place.cluster.kubectl("create", "namespace", name)
    with place.operator_paused():
        return {"bare": bare.apply_all(place.cluster, objects.as_sent(objects.some(_NUMBER), name))}


def _kubectl(place: World, number: int) -> dict[str, float]:
    name = f"kubectl-{number}"
    place.cluster.kubectl("create", "namespace", name)
    text = "\n---\n".join(json.dumps(one) for one in objects.as_sent(objects.some(_NUMBER), name))
    with place.operator_paused():
        started = time.perf_counter()
        place.cluster.kubectl("apply", "--server-side", "-f", "-", stdin=text, timeout=300)
        return {"kubectl": time.perf_counter() - started}
