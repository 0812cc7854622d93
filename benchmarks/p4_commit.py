"""P4: one commit that touches one of 1,000 Applications of a repository: how long until it is applied, at what cost."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import NamedTuple

from benchmarks import bare, objects
from benchmarks.rows import Benchmark, Reading, Round, Row, Target
from benchmarks.seen import Eye
from benchmarks.world import API, World, application, world
from devcluster.git_server import GitRepository
from devcluster.waiting import wait_until
from tests.cluster.pushing import THE_SECRET, deliver, push_to

_NUMBER = 1000
_COMMITS = 20
_NAMESPACE = "commit"
_CALM = 1.5  # a repository is looked at for webhooks once a second
_PATIENCE = 1800.0
_WEBHOOK, _SLOWEST = "from the webhook to applied: median", "the slowest of 20"
_REFRESH = "from the refresh annotation to applied: median"
_RENDERS, _REQUESTS, _CPU = "renders a commit", "API requests a commit", "the operator's CPU for a commit"


class _Cost(NamedTuple):
    """What the operator has used so far."""

    renders: float
    requests: int
    cpu: float


def run(rounds: int) -> Iterator[Round]:
    """The first, which warms everything up, does not count."""
    with world(look_interval=36000) as place:
        place.cluster.apply(json.dumps(THE_SECRET))
        repository = place.git.create(_NAMESPACE)
        repository.commit({path: text for index in range(_NUMBER) for path, text in _folder(index, "one").items()})
        asyncio.run(_create(place))
        wait_until(lambda: _all_ready(place), "all to be Ready", timeout=_PATIENCE, explain=place.operator.tail)
        for number in range(rounds + 1):
            found = _round(place, repository, number)
            if number:
                yield found


BENCHMARK = Benchmark(
    "P4",
    f"one commit that touches one of {_NUMBER:,} Applications of one repository, four objects each",
    (
        Row(_WEBHOOK, "s", target=Target(1)),
        Row(_SLOWEST, "s"),
        Row(_REFRESH, "s", target=Target(1)),
        Row(_RENDERS, "renders", target=Target(1)),
        Row(_REQUESTS, "requests"),
        Row(_CPU, "s"),
    ),
    run,
)


def _round(place: World, repository: GitRepository, number: int) -> Round:
    push = push_to(place.git.http_url(_NAMESPACE))

    def tell(_: str) -> None:
        status, answer = deliver(place.operator, push)
        assert status == 202, answer

    refreshed = _times(place, repository, f"refresh-{number}", place.refresh)
    before = _cost(place)
    told = _times(place, repository, f"webhook-{number}", tell)
    after = _cost(place)
    return {
        _WEBHOOK: Reading(median(told)),
        _SLOWEST: Reading(max(told)),
        _REFRESH: Reading(median(refreshed)),
        _RENDERS: Reading((after.renders - before.renders) / _COMMITS),
        _REQUESTS: Reading((after.requests - before.requests) / _COMMITS),
        _CPU: Reading((after.cpu - before.cpu) / _COMMITS),
    }


def _times(place: World, repository: GitRepository, tag: str, tell: Callable[[str], None]) -> list[float]:
    """Each commit touches another Application, spread over all."""
    taken = []
    with Eye(place.cluster) as eye:
        for turn in range(_COMMITS):
            index = turn * _NUMBER // _COMMITS
            sha = repository.commit(_folder(index, tag))
            changed = [one for one in objects.four(index, tag) if tag in json.dumps(one)]
            time.sleep(_CALM)
            began = time.perf_counter()
            tell(_name(index))
            eye.wait_for(objects.as_sent(changed, _NAMESPACE))
            taken.append(time.perf_counter() - began)
            place.wait_at(_name(index), sha)
    return taken


def _cost(place: World) -> _Cost:
    renders = place.operator.metric("gitops_render_cache_total", result="rendered")
    return _Cost(renders, place.requests().total(), place.cpu_seconds())


def _name(index: int) -> str:
    return f"app-{index:05}"


def _folder(index: int, tag: str) -> dict[str, str]:
    [text] = objects.as_files(list(objects.four(index, tag))).values()
    return {f"{_name(index)}/all.yaml": text}


async def _create(place: World) -> None:
    """The Applications, all at once."""
    url = place.git.http_url(_NAMESPACE)
    sources = ((_name(index), {"repoURL": url, "path": _name(index)}) for index in range(_NUMBER))
    bodies = (application(name, url, source=one, destination={"namespace": _NAMESPACE}) for name, one in sources)
    async with bare.connected(place.cluster) as session:
        await bare.create_all(session, ((API, body) for body in bodies))


def _all_ready(place: World) -> bool:
    ready = sum(
        value for labels, value in place.operator.samples("gitops_application_info") if labels["reason"] == "Ready"
    )
    return ready == _NUMBER
