"""The operator's engine in this very process, to measure what is too small to be seen from outside."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks import objects
from benchmarks.rows import Round
from benchmarks.world import Ground, application, ground
from gitops_operator.assembly import assemble
from gitops_operator.engine import Engine
from gitops_operator.metrics import Metrics
from gitops_operator.model.application import ApplicationKey
from gitops_operator.plan import Hints
from gitops_operator.reconciler import Reconciler
from gitops_operator.settings import Settings
from gitops_operator.sight import Sight
from gitops_operator.view import View
from gitops_operator.wakeups import Wakeups
from tests.cluster.operator import NAMESPACE

_PATIENCE = 300.0


def rounds_inside(rounds: int, number: int, one: Callable[[Inside], Coroutine[Any, Any, Round]]) -> Iterator[Round]:
    """So many rounds over one engine with one Application of so many objects."""
    with ground() as place, asyncio.Runner() as runner:
        entered = engine_with(place, number)
        inside = runner.run(entered.__aenter__())
        try:
            for _ in range(rounds):
                yield runner.run(one(inside))
        finally:
            runner.run(entered.__aexit__(None, None, None))


@dataclass(frozen=True)
class Inside:
    """One engine at rest, with one Application of so many objects; nothing but the benchmark makes it look again."""

    key: ApplicationKey
    engine: Engine
    metrics: Metrics

    @property
    def reconciler(self) -> Reconciler:
        return self.engine._parts.workers._reconciler

    @property
    def sight(self) -> Sight:
        return self.reconciler._sight

    async def look(self, *, at_everything: bool) -> None:
        """One pass; at everything as after something has moved, else as when nothing has."""
        if at_everything:
            self.reconciler._memories[self.key].settled = ()
        await self.reconciler.reconcile(self.key)

    async def view(self) -> View:
        """What a pass sees now."""
        application = self.reconciler._cluster.application(self.key)
        newest = self.sight.newest(application) if application is not None else None
        found = await self.sight.desired(application, newest) if application is not None and newest else None
        assert application is not None
        assert found is not None
        return await self.sight.view(application, found, Hints())

    def requests(self) -> float:
        """What was sent to the API server so far; neither watches nor the Lease.

        Each object is verified every six hours, by one GET and one dry run: they do not count either.
        """
        samples = [one for one in next(iter(self.metrics.api_requests.collect())).samples if _counts(one.labels)]
        verified = sum(one.value for one in samples if one.labels["dry_run"] == "true")
        return sum(one.value for one in samples) - 2 * verified


def _counts(labels: Mapping[str, str]) -> bool:
    return labels["verb"] != "watch" and not labels["resource"].endswith("leases")


@contextlib.asynccontextmanager
async def engine_with(place: Ground, number: int) -> AsyncIterator[Inside]:
    """The engine, and an Application of so many objects that is in sync."""
    repository = place.git.create("steady")
    repository.commit(objects.as_files(objects.some(number)))
    settings = Settings(
        namespace=NAMESPACE,
        kubeconfig=str(place.kubeconfig),
        data_folder=place.folder / "inside",
        http_host="127.0.0.1",
        http_port=0,
        webhook_port=0,
        poll_interval=3600.0,
        look_interval=36000.0,
        lease_duration=120.0,
    )
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    metrics, wakeups = Metrics(), Wakeups(loop.time)
    wakeups.bind(loop)
    engine = await assemble(settings, wakeups, metrics)
    running = asyncio.create_task(engine.run(stop))
    try:
        body = json.dumps(application("steady", place.git.http_url("steady")))
        await asyncio.to_thread(place.cluster.apply, body)
        inside = Inside(ApplicationKey(NAMESPACE, "steady"), engine, metrics)
        await _until_ready(inside)
        yield inside
    finally:
        stop.set()
        await running


async def _until_ready(inside: Inside) -> None:
    """Ready, and so long that what comes after it, the last events of its objects, has come."""
    async with asyncio.timeout(_PATIENCE):
        while not _is_ready(inside):  # noqa: ASYNC110 - it hangs on the state of the whole engine
            await asyncio.sleep(0.1)
    await asyncio.sleep(3)


def _is_ready(inside: Inside) -> bool:
    seen = inside.reconciler._cluster.application(inside.key)
    conditions = seen.status.get("conditions") or () if seen is not None else ()
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
