"""P8: how many objects that are in sync are compared a second."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from benchmarks.inside import Inside, rounds_inside
from benchmarks.rows import Benchmark, Reading, Round, Row, Target
from gitops_operator.diff import compare

_NUMBER, _TIMES = 1000, 100
_ROW = "objects in sync compared"


def run(rounds: int) -> Iterator[Round]:
    """Real objects, as the API server has answered our applies; CPU of the one thread that compares."""
    return rounds_inside(rounds, _NUMBER, _round)


BENCHMARK = Benchmark(
    "P8",
    "comparison of objects in sync",
    (Row(_ROW, "/s", "finding each by its key, comparing two strings", Target(500_000, at="least")),),
    run,
)


async def _round(inside: Inside) -> Round:
    view = await inside.view()
    resources, snapshot, context = view.desired.resources, view.snapshot, view.context
    assert all(change.is_in_sync for change in compare(resources, snapshot, context))
    pairs = [(change.key, change.desired) for change in view.changes if change.desired is not None]

    def bare() -> None:
        live: Mapping[Any, Any] = snapshot.objects
        assert not [key for key, desired in pairs if live[key].digest != desired.digest]

    return {_ROW: Reading(_speed(lambda: compare(resources, snapshot, context)), _speed(bare))}


def _speed(work: Callable[[], object]) -> float:
    """Objects a second."""
    started = time.thread_time()
    for _ in range(_TIMES):
        work()
    return _NUMBER * _TIMES / (time.thread_time() - started)
