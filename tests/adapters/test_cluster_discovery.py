"""Kinds that come, change and go."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gitops_operator.cluster.discovery import Discovery
from gitops_operator.cluster.pace import WatchSettings
from gitops_operator.cluster.watch import Informers
from gitops_operator.model.kind import Catalogue, Kind, KindState
from tests.adapters.cluster_api import CONFIG_MAP, CRD, WIDGET, FakeApi, connected, response, serving, status, text
from tests.adapters.cluster_sink import RememberingSink, until

WIDGETS = WIDGET.group_kind
QUICK = WatchSettings(grace=0.5, settle=0.05, echoes=(0.1, 0.2))
ESTABLISHED = {"conditions": [{"type": "Established", "status": "True"}]}


@asynccontextmanager
async def following(api: FakeApi, folder: Path) -> AsyncIterator[tuple[RememberingSink, Informers]]:
    sink = RememberingSink()
    async with serving(api) as address, connected(address, folder) as client:
        informers = Informers(client, sink, QUICK)
        task = asyncio.create_task(informers.run())
        try:
            yield sink, informers
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def api_with(*kinds: Kind) -> FakeApi:
    api = FakeApi()
    api.kinds = [CONFIG_MAP, CRD, *kinds]
    return api


def ready(sink: RememberingSink, *kinds: Kind) -> Callable[[], bool]:
    return lambda: all(sink.is_ready(kind.group_kind) for kind in kinds)


async def test_the_objects_of_a_new_definition_are_seen(tmp_path: Path) -> None:
    api = api_with()
    async with following(api, tmp_path) as (sink, _):
        await sink.until(ready(sink, CONFIG_MAP, CRD))
        api.kinds.append(WIDGET)
        api.put(WIDGET, "w")
        api.put(CRD, "widgets.example.com", status=ESTABLISHED)
        await sink.until(ready(sink, WIDGET))
        assert sink.names(WIDGETS) == {"w"}
        assert WIDGETS in sink.catalogues[-1].preferred


async def test_discovery_that_follows_late_is_asked_again(tmp_path: Path) -> None:
    api = api_with()
    async with following(api, tmp_path) as (sink, _):
        await sink.until(ready(sink, CONFIG_MAP, CRD))
        api.put(CRD, "widgets.example.com", status=ESTABLISHED)
        await asyncio.sleep(0.1)
        api.kinds.append(WIDGET)
        await sink.until(ready(sink, WIDGET), seconds=2)


async def test_a_kind_whose_definition_is_deleted_leaves(tmp_path: Path) -> None:
    api = api_with(WIDGET)
    api.put(CRD, "widgets.example.com", status=ESTABLISHED)
    async with following(api, tmp_path) as (sink, informers):
        await sink.until(ready(sink, WIDGET))
        api.kinds.remove(WIDGET)
        api.remove(CRD, "widgets.example.com")
        await sink.until(lambda: sink.left == [WIDGETS])
        assert WIDGETS not in informers.statuses


async def test_a_kind_that_answers_404_is_looked_up_again(tmp_path: Path) -> None:
    api = api_with(WIDGET)
    async with following(api, tmp_path) as (sink, _):
        await sink.until(ready(sink, WIDGET))
        api.kinds.remove(WIDGET)
        api.drop(WIDGET)
        await sink.until(lambda: sink.left == [WIDGETS])


async def test_a_kind_that_only_discovery_forgot_stays(tmp_path: Path) -> None:
    """An API server that starts shows too few groups, and answers 503 until it knows all of its paths."""
    api = api_with(WIDGET)
    async with following(api, tmp_path) as (sink, informers):
        await sink.until(ready(sink, WIDGET))
        served, api._groups = api._groups, lambda kinds: iter(())  # type: ignore[method-assign]  # the server starts
        api.refusals["list", "widgets"] = status(503, "ServiceUnavailable", "starting")
        api.kinds.append(CONFIG_MAP._replace(group="x.com"))
        informers.rediscover()
        await sink.until(lambda: "example.com" in sink.catalogues[-1].stale)
        assert WIDGETS in sink.catalogues[-1].preferred
        api._groups = served  # type: ignore[method-assign]
        api.refusals.clear()
        informers.rediscover()
        await sink.until(lambda: not sink.catalogues[-1].stale)
        assert sink.left == []
        assert sink.lists.count(WIDGETS) == 1


async def test_a_stale_group_keeps_its_kinds(tmp_path: Path) -> None:
    api = api_with(WIDGET)
    async with following(api, tmp_path) as (sink, informers):
        await sink.until(ready(sink, WIDGET))
        api.stale = {"example.com"}
        informers.rediscover()
        await sink.until(lambda: sink.catalogues[-1].stale == {"example.com"})
        assert WIDGETS in sink.catalogues[-1].preferred
        assert sink.left == []


async def test_a_new_preferred_version_is_watched_instead(tmp_path: Path) -> None:
    newer = WIDGET._replace(version="v2")
    api = api_with(WIDGET)
    api.put(WIDGET, "w")
    async with following(api, tmp_path) as (sink, informers):
        await sink.until(ready(sink, WIDGET))
        api.kinds.insert(0, newer)
        informers.rediscover()
        await sink.until(lambda: sink.lists.count(WIDGETS) == 2)
        assert sink.catalogues[-1].preferred[WIDGETS].version == "v2"
        assert sink.left == []


async def test_a_status_of_a_definition_costs_nothing(tmp_path: Path) -> None:
    api = api_with(WIDGET)
    api.put(CRD, "widgets.example.com", status=ESTABLISHED)
    async with following(api, tmp_path) as (sink, _):
        await sink.until(ready(sink, WIDGET, CRD))
        await asyncio.sleep(1)  # until the looks that the first list of definitions caused are over
        asked = len(api.asked("discovery", "/apis"))
        for number in range(5):
            api.put(CRD, "widgets.example.com", status=ESTABLISHED, metadata2=number)
        await sink.until(lambda: sink.objects[CRD.group_kind]["", "widgets.example.com"].get("metadata2") == 4)
        await asyncio.sleep(0.5)
        assert len(api.asked("discovery", "/apis")) == asked


async def test_discovery_that_fails_is_repeated_and_nothing_is_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    api = api_with(WIDGET)
    answering = api._discovery
    async with following(api, tmp_path) as (sink, informers):
        await sink.until(ready(sink, WIDGET))
        api._discovery = lambda request: response(text(503, "down"))  # type: ignore[method-assign]  # it breaks
        informers.rediscover()
        await until(lambda: bool(informers.discovery_error))
        await asyncio.sleep(1)
        assert sink.is_ready(WIDGETS)
        api._discovery = answering  # type: ignore[method-assign]
        await until(lambda: not informers.discovery_error)
        assert sink.left == []
    assert caplog.text.count("discovery of fake failed") == 1


async def test_a_sink_that_stumbles_over_a_catalogue_is_told_again(tmp_path: Path) -> None:
    class Stumbling(RememberingSink):
        def catalogue(self, catalogue: Catalogue) -> None:
            super().catalogue(catalogue)
            if len(self.catalogues) == 1:
                raise ValueError("a bug")

    api = api_with(WIDGET)
    sink = Stumbling()
    async with serving(api) as address, connected(address, tmp_path) as client:
        task = asyncio.create_task(Informers(client, sink, QUICK).run())
        await sink.until(ready(sink, WIDGET, CONFIG_MAP))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert sink.catalogues[0] == sink.catalogues[1]


async def test_informers_that_are_run_again_follow_everything_again(tmp_path: Path) -> None:
    api, sink = api_with(WIDGET), RememberingSink()
    async with serving(api) as address, connected(address, tmp_path) as client:
        informers = Informers(client, sink, QUICK)
        for name in ("first", "second"):
            task = asyncio.create_task(informers.run())
            await sink.until(ready(sink, WIDGET))
            api.put(WIDGET, name)
            await sink.until(lambda name=name: name in sink.names(WIDGETS))  # type: ignore[misc]  # of this round
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert sink.names(WIDGETS) == {"first", "second"}


async def test_a_server_without_aggregation_is_asked_group_by_group(tmp_path: Path) -> None:
    api = api_with(WIDGET)
    api.aggregates = False
    api.refusals["list", ""] = text(503, "nobody home")
    async with serving(api) as address, connected(address, tmp_path) as client:
        discovery = Discovery(client)
        found = await discovery.discover()
        assert not found.preferred
        assert found.stale == {"", "example.com", "apiextensions.k8s.io"}
        api.refusals.clear()
        found = await discovery.discover()
    assert set(found.preferred) == {WIDGETS, CONFIG_MAP.group_kind, CRD.group_kind}
    assert found.preferred[WIDGETS].namespaced
    assert not found.stale


async def test_an_unchanged_discovery_costs_two_empty_answers(tmp_path: Path) -> None:
    api = api_with(WIDGET)
    async with serving(api) as address, connected(address, tmp_path, observer := Codes()) as client:
        discovery = Discovery(client)
        assert await discovery.discover() == await discovery.discover()
    assert observer.codes == [200, 200, 304, 304]


async def test_a_kind_that_may_not_be_watched_in_the_first_place_leaves_with_a_403(tmp_path: Path) -> None:
    api = api_with(WIDGET)
    api.refusals["list", "widgets"] = api.refusals["watch", "widgets"] = status(403, "Forbidden", "no")
    async with following(api, tmp_path) as (sink, informers):
        await sink.until(lambda: sink.state_of(WIDGETS) is KindState.BROKEN)
        api.kinds.remove(WIDGET)
        informers.rediscover()
        await sink.until(lambda: sink.left == [WIDGETS])


class Codes:
    def __init__(self) -> None:
        self.codes: list[int] = []

    def request(self, *, cluster: str, verb: str, resource: str, code: int, dry_run: bool) -> None:
        self.codes.append(code)
