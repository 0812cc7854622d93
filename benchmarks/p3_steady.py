"""P3: what a pass over 1,000 objects costs that are all in sync, and what it costs when nothing has moved at all."""

import json
import time
from collections.abc import Iterator

from benchmarks import objects
from benchmarks.inside import Inside, rounds_inside
from benchmarks.rows import Benchmark, Reading, Round, Row, Target

_NUMBER, _PASSES, _GLANCES = 1000, 50, 2000
_LOOK, _GLANCE, _REQUESTS = "CPU of a pass that looks at everything", "the same, nothing moved", "API requests of both"


def run(rounds: int) -> Iterator[Round]:
    """CPU of the whole process, the threads that render included, with the engine in it at rest."""
    return rounds_inside(rounds, _NUMBER, _round)


BENCHMARK = Benchmark(
    "P3",
    "a steady pass over 1,000 objects",
    (
        Row(_LOOK, "ms", "reading one list of them (json.loads)", Target(5)),
        Row(_GLANCE, "ms", "", Target(0.1)),
        Row(_REQUESTS, "requests", "", Target(0)),
    ),
    run,
)


async def _round(inside: Inside) -> Round:
    before = inside.requests()
    listed = json.dumps({"items": objects.as_sent(objects.some(_NUMBER), "steady")})
    started = time.process_time()
    for _ in range(_PASSES):
        json.loads(listed)
    yardstick = time.process_time() - started
    look = await _cost(inside, _PASSES, at_everything=True)
    glance = await _cost(inside, _GLANCES, at_everything=False)
    return {
        _LOOK: Reading(look, yardstick / _PASSES * 1000),
        _GLANCE: Reading(glance),
        _REQUESTS: Reading(inside.requests() - before),
    }


async def _cost(inside: Inside, passes: int, *, at_everything: bool) -> float:
    """Milliseconds of CPU a pass."""
    started = time.process_time()
    for _ in range(passes):
        await inside.look(at_everything=at_everything)
    return (time.process_time() - started) / passes * 1000
