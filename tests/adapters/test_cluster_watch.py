"""What one kind's reflector does on bad days."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from gitops_operator.cluster.pace import WatchSettings
from gitops_operator.cluster.watch import Informers
from gitops_operator.model.kind import Kind, KindState
from tests.adapters.cluster_api import (
    CONFIG_MAP,
    GONE,
    WIDGET,
    FakeApi,
    connected,
    line,
    response,
    serving,
    status,
    text,
)
from tests.adapters.cluster_sink import RememberingSink, until

MAPS = CONFIG_MAP.group_kind
WIDGETS = WIDGET.group_kind
QUICK = WatchSettings(stall=1.0, grace=0.8, list_silence=0.3, page=2, settle=0.02, echoes=(0.05,))


@asynccontextmanager
async def watching(
    api: FakeApi, folder: Path, settings: WatchSettings = QUICK
) -> AsyncIterator[tuple[RememberingSink, Informers]]:
    sink = RememberingSink()
    async with serving(api) as address, connected(address, folder) as client:
        informers = Informers(client, sink, settings)
        task = asyncio.create_task(informers.run())
        try:
            yield sink, informers
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def api_with(*names: str) -> FakeApi:
    api = FakeApi()
    for name in names:
        api.put(CONFIG_MAP, name)
    return api


@pytest.mark.parametrize("streams_lists", ["yes", "refused", "ignored"])
async def test_a_kind_is_listed_and_then_watched_whatever_the_server_can(streams_lists: str, tmp_path: Path) -> None:
    api = api_with("a", "b", "c", "d", "e")
    api.streams_lists = streams_lists
    async with watching(api, tmp_path) as (sink, _):
        await sink.until(lambda: sink.is_ready(MAPS))
        assert sink.names(MAPS) == {"a", "b", "c", "d", "e"}
        api.put(CONFIG_MAP, "f")
        api.remove(CONFIG_MAP, "a")
        await sink.until(lambda: sink.names(MAPS) == {"b", "c", "d", "e", "f"})
    assert sink.lists == [MAPS]
    assert KindState.BROKEN not in {state for _, state in sink.history}


async def test_an_object_of_a_list_names_its_kind_even_if_the_server_left_it_out(tmp_path: Path) -> None:
    api = api_with("a")
    api.streams_lists = "refused"
    async with watching(api, tmp_path) as (sink, _):
        await sink.until(lambda: sink.is_ready(MAPS))
    body = sink.objects[MAPS]["default", "a"]
    assert (body["apiVersion"], body["kind"]) == ("v1", "ConfigMap")


async def test_an_object_that_changes_while_the_list_is_streamed_is_told_as_it_is_in_the_end(tmp_path: Path) -> None:
    api = api_with("a", "b")
    api.streams_lists = "ignored"  # the end of the list is sent by hand
    async with watching(api, tmp_path, WatchSettings(list_silence=5)) as (sink, _):
        await until(lambda: api.watches(CONFIG_MAP) == 1)
        api.put(CONFIG_MAP, "a", data={"x": "new"})
        api.remove(CONFIG_MAP, "b")
        annotations = {"k8s.io/initial-events-end": "true"}
        api.say(CONFIG_MAP, line("BOOKMARK", {"metadata": {"resourceVersion": "200", "annotations": annotations}}))
        await sink.until(lambda: sink.is_ready(MAPS))
    assert sink.names(MAPS) == {"a"}
    assert sink.objects[MAPS]["default", "a"]["data"] == {"x": "new"}


@pytest.mark.parametrize("in_stream", [True, False])
async def test_what_is_deleted_while_history_expires_is_noticed(in_stream: bool, tmp_path: Path) -> None:
    api = api_with("a", "b")
    api.compacted_in_stream = in_stream
    async with watching(api, tmp_path) as (sink, _):
        await sink.until(lambda: sink.is_ready(MAPS))
        api.refusals["watch", "configmaps"] = status(500, "InternalError", "not now")
        api.drop()
        await until(lambda: api.watches(CONFIG_MAP) == 0)
        api.remove(CONFIG_MAP, "a")
        api.compact()
        api.refusals.clear()
        await sink.until(lambda: sink.names(MAPS) == {"b"} and sink.is_ready(MAPS))
        assert sink.lists == [MAPS, MAPS]


async def test_lost_history_after_a_long_outage_is_listed_again_at_once(tmp_path: Path) -> None:
    api = api_with("a")
    async with watching(api, tmp_path) as (sink, _):
        await sink.until(lambda: sink.is_ready(MAPS))
        api.refusals["watch", "configmaps"] = status(503, "ServiceUnavailable", "starting")
        api.drop()
        await until(lambda: len(api.asked("watch", "configmaps")) >= 7, 20)  # the next pause would be 2.5 s and more
        api.compact()
        del api.refusals["watch", "configmaps"]
        await until(lambda: len(api.asked("watch", "configmaps")) >= 8, 10)
        await sink.until(lambda: sink.lists == [MAPS, MAPS], seconds=1)


async def test_a_kind_with_lost_history_is_not_ready_until_it_is_listed_again(tmp_path: Path) -> None:
    api = api_with("a")
    async with watching(api, tmp_path) as (sink, _):
        await sink.until(lambda: sink.is_ready(MAPS))
        api.compact()
        api.refusals["list", "configmaps"] = status(500, "InternalError", "etcd is away")
        api.streams_lists = "refused"
        api.drop()
        await sink.until(lambda: sink.state_of(MAPS) is KindState.BROKEN)
        assert sink.states[MAPS].message == "etcd is away"
        api.refusals.clear()
        await sink.until(lambda: sink.is_ready(MAPS))


async def test_a_dropped_watch_resumes_where_it_was_and_nobody_hears_of_it(tmp_path: Path) -> None:
    api = api_with("a")
    async with watching(api, tmp_path) as (sink, _):
        await sink.until(lambda: sink.is_ready(MAPS))
        api.put(CONFIG_MAP, "b")
        await sink.until(lambda: "b" in sink.names(MAPS))
        before = len(sink.history)
        api.drop()
        api.put(CONFIG_MAP, "c")
        await sink.until(lambda: "c" in sink.names(MAPS))
        await asyncio.sleep(QUICK.grace + 0.2)
        assert len(sink.history) == before
        assert sink.lists == [MAPS]
    assert api.asked("watch", "configmaps")[-1]["resourceVersion"] != "101"


async def test_a_bookmark_moves_the_position_on(tmp_path: Path) -> None:
    api = api_with("a")
    async with watching(api, tmp_path) as (sink, _):
        await sink.until(lambda: sink.is_ready(MAPS))
        for _ in range(3):
            api.put(WIDGET, "other")
        api.bookmark(CONFIG_MAP)
        await asyncio.sleep(0.1)
        asked = len(api.asked("watch", "configmaps"))
        api.drop()
        await until(lambda: len(api.asked("watch", "configmaps")) > asked)
    assert api.asked("watch", "configmaps")[-1]["resourceVersion"] == "105"


async def test_a_long_interruption_is_told_and_its_end_too(tmp_path: Path) -> None:
    api = api_with("a")
    async with watching(api, tmp_path) as (sink, _):
        await sink.until(lambda: sink.is_ready(MAPS))
        api.refusals["watch", "configmaps"] = status(429, "TooManyRequests", "storage is (re)initializing")
        api.drop()
        await sink.until(lambda: sink.state_of(MAPS) is KindState.CATCHING_UP)
        assert "initializing" in sink.states[MAPS].message
        api.refusals.clear()
        await sink.until(lambda: sink.is_ready(MAPS))
    assert sink.lists == [MAPS]


async def test_half_a_line_is_dropped_and_its_event_comes_again(tmp_path: Path) -> None:
    api = api_with("a")
    async with watching(api, tmp_path) as (sink, _):
        await sink.until(lambda: sink.is_ready(MAPS))
        api.say(CONFIG_MAP, b'{"type":"ADDED","object":{"metadata":{"name":"ha')
        api.drop()
        await until(lambda: api.watches(CONFIG_MAP) == 0)
        api.put(CONFIG_MAP, "half")
        await sink.until(lambda: sink.names(MAPS) == {"a", "half"})


async def test_an_event_that_comes_in_pieces_is_one_event(tmp_path: Path) -> None:
    api = api_with("a")
    async with watching(api, tmp_path) as (sink, _):
        await sink.until(lambda: sink.is_ready(MAPS))
        body = {"metadata": {"name": "big", "namespace": "default", "resourceVersion": "300"}, "data": {"x": "y" * 300}}
        raw = line("ADDED", body)
        for start in range(0, len(raw), 60):
            api.say(CONFIG_MAP, raw[start : start + 60])
            await asyncio.sleep(0.01)
        await sink.until(lambda: "big" in sink.names(MAPS))
        assert sink.lists == [MAPS]


async def test_an_object_larger_than_any_buffer_passes(tmp_path: Path) -> None:
    api = api_with("a")
    async with watching(api, tmp_path) as (sink, _):
        await sink.until(lambda: sink.is_ready(MAPS))
        api.put(CONFIG_MAP, "huge", data={"x": "y" * 6_000_000})
        await sink.until(lambda: "huge" in sink.names(MAPS))


async def test_garbage_at_the_same_place_again_and_again_leads_to_a_new_list(tmp_path: Path) -> None:
    api = api_with("a")
    async with watching(api, tmp_path) as (sink, _):
        await sink.until(lambda: sink.is_ready(MAPS))
        for _ in range(3):
            await until(lambda: api.watches(CONFIG_MAP) == 1)
            api.say(CONFIG_MAP, b"<html>\n")
            await until(lambda: api.watches(CONFIG_MAP) == 0)
        await sink.until(lambda: sink.lists == [MAPS, MAPS] and sink.is_ready(MAPS))


async def test_an_error_event_is_survived_without_a_new_list(tmp_path: Path) -> None:
    api = api_with("a")
    async with watching(api, tmp_path) as (sink, _):
        await sink.until(lambda: sink.is_ready(MAPS))
        api.say(CONFIG_MAP, line("ERROR", {"kind": "Status", "code": 500, "message": "etcdserver: no leader"}))
        await until(lambda: api.watches(CONFIG_MAP) == 0)
        api.put(CONFIG_MAP, "b")
        await sink.until(lambda: sink.names(MAPS) == {"a", "b"})
        assert sink.lists == [MAPS]


async def test_a_silent_stream_is_left(tmp_path: Path) -> None:
    api = api_with("a")
    async with watching(api, tmp_path) as (sink, _):
        await sink.until(lambda: sink.is_ready(MAPS))
        await until(lambda: len(api.asked("watch", "configmaps")) >= 3)
        assert sink.lists == [MAPS]
        assert sink.is_ready(MAPS)


@pytest.mark.parametrize(
    "refusal, message",
    [
        (status(403, "Forbidden", "configmaps is forbidden"), "configmaps is forbidden"),
        (status(500, "InternalError", "conversion webhook failed"), "conversion webhook failed"),
        (text(503, "service unavailable\n"), "service unavailable"),
    ],
)
async def test_a_kind_that_cannot_be_listed_is_broken_alone(
    refusal: tuple[int, str, str], message: str, tmp_path: Path
) -> None:
    api = api_with("a")
    api.kinds.append(WIDGET)
    api.put(WIDGET, "w")
    api.refusals["list", "widgets"] = api.refusals["watch", "widgets"] = refusal
    async with watching(api, tmp_path) as (sink, _):
        await sink.until(lambda: sink.is_ready(MAPS) and sink.state_of(WIDGETS) is KindState.BROKEN)
        assert sink.states[WIDGETS].message == message
        api.refusals.clear()
        await sink.until(lambda: sink.is_ready(WIDGETS))
        assert sink.names(WIDGETS) == {"w"}
    assert [state for kind, state in sink.history if kind == MAPS] == [KindState.CATCHING_UP, KindState.READY]


async def test_pages_that_expire_are_listed_in_one(tmp_path: Path) -> None:
    api = api_with("a", "b", "c")
    api.streams_lists = "refused"
    handle = api._list

    def first_page_only(request: web.Request, kind: Kind) -> web.Response:
        return handle(request, kind) if "continue" not in request.query else response(GONE)

    api._list = first_page_only  # type: ignore[method-assign]  # it forgets quickly
    async with watching(api, tmp_path) as (sink, _):
        await sink.until(lambda: sink.is_ready(MAPS))
    assert sink.names(MAPS) == {"a", "b", "c"}
    assert "limit" not in api.asked("list", "configmaps")[-1]


async def test_a_bug_in_the_sink_costs_one_kind_and_heals(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    api = api_with("a")
    api.kinds.append(WIDGET)
    async with watching(api, tmp_path) as (sink, _):
        await sink.until(lambda: sink.is_ready(MAPS) and sink.is_ready(WIDGETS))
        changed, sink.changed = sink.changed, _broken  # type: ignore[method-assign]  # the bug
        api.put(CONFIG_MAP, "b")
        await sink.until(lambda: sink.state_of(MAPS) is KindState.BROKEN)
        assert sink.is_ready(WIDGETS)
        sink.changed = changed  # type: ignore[method-assign]  # mended
        await sink.until(lambda: sink.is_ready(MAPS) and sink.names(MAPS) == {"a", "b"})
    assert "stumbled" in caplog.text


async def test_a_long_list_is_handed_on_in_parts(tmp_path: Path) -> None:
    api = api_with(*(f"settings-{number}" for number in range(250)))
    async with watching(api, tmp_path) as (sink, _):
        await sink.until(lambda: sink.is_ready(MAPS))
        assert len(sink.names(MAPS)) == 250
        assert max(sink.parts) <= 100


async def test_a_page_is_handed_on_before_the_next_one_is_read(tmp_path: Path) -> None:
    api = api_with(*(f"settings-{number}" for number in range(5)))
    api.streams_lists = "refused"
    async with watching(api, tmp_path, QUICK) as (sink, _):
        await sink.until(lambda: sink.is_ready(MAPS))
        assert sink.parts == [2, 2, 1]


async def test_named_namespaces_are_watched_each_on_its_own(tmp_path: Path) -> None:
    api = api_with()
    for namespace in ("one", "two", "three"):
        api.put(CONFIG_MAP, f"in-{namespace}", namespace)
    async with watching(api, tmp_path, WatchSettings(namespaces=("one", "two"))) as (sink, _):
        await sink.until(lambda: sink.is_ready(MAPS))
        assert sink.names(MAPS) == {"in-one", "in-two"}


async def test_an_excluded_kind_is_said_to_be_so_and_never_asked_for(tmp_path: Path) -> None:
    api = api_with("a")
    async with watching(api, tmp_path, WatchSettings(exclusions=("ConfigMap",))) as (sink, _):
        await sink.until(lambda: sink.state_of(MAPS) is KindState.EXCLUDED)
    assert not api.asked("watch", "configmaps")
    assert not api.asked("list", "configmaps")


def _broken(kind: Kind, raw: bytes) -> None:
    raise ValueError("a bug")
