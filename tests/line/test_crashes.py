"""The process dies before and after every single request of a long story, and another one goes on.

Whatever request it was: it ends Synced, nothing is made or written twice, nothing is orphaned, no wave is early.
"""

import json
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any

import pytest

from gitops_operator.cluster.request import Request
from gitops_operator.health import assess
from gitops_operator.model.application import APPLICATION
from gitops_operator.model.health import HealthStatus
from gitops_operator.model.resource import ResourceKey, wave_of
from gitops_operator.render.cache import RenderCache
from tests.builders import Body, application, config_map, deployment, job, service
from tests.fake_api import CrashError, Watched
from tests.fakes import Line, key

APP = application(policy={"syncOptions": ["CreateNamespace=true"]}, to="new")
FIRST = [
    config_map("settings"),
    deployment("back"),
    job("migrate", wave=1),
    config_map("older", wave=1),
    deployment("front", wave=1),
    service("front", wave=2),
    config_map("old", wave=2),
]
SECOND = [
    config_map("settings", {"color": "red"}),
    deployment("back", "shop:2"),
    job("migrate", wave=1),
    config_map("fresh", wave=1),
    deployment("front", wave=1),
    service("front", wave=2),
]
_LIVES = 100
_WELL = {HealthStatus.HEALTHY, HealthStatus.SUSPENDED}
_RENDERS = RenderCache()  # as a disk keeps them: the process that comes next finds what the last one rendered


class Story:
    """A first sync, an update that prunes, a deletion; and what must hold at each write of it."""

    def __init__(self, crash: tuple[int, bool] | None = None, life: int = 0) -> None:
        self.line = Line()
        self.line.renders = _RENDERS
        self.line.api.crash_at = crash
        self.line.api.before_write = self._check
        self.events: list[Watched] = []
        self.wanted: list[Body] = []
        self.crashes = 0
        self._life = self._left = life
        self.line.api.watchers.append(_Log(self.events))

    async def tell(self) -> None:
        line = self.line
        self.wanted = FIRST
        first = line.commit(*FIRST)
        line.create(APP)
        await self._quiet()
        self._check_synced([first])
        self.wanted = SECOND
        second = line.commit(*SECOND)
        await self._quiet()
        self._check_synced([first, second])
        assert not line.has("ConfigMap", "old", "new")
        assert not line.has("ConfigMap", "older", "new")
        self.wanted = []
        line.delete_app()
        await self._quiet()
        assert [str(key) for key in line.api.objects if key.namespace == "new" or key.group_kind == APPLICATION] == []
        self._check_once()

    async def _quiet(self) -> None:
        self._arm()
        for _ in range(_LIVES):
            try:
                await self.line.settle(soon=5)
            except CrashError:
                self.crashes += 1
                self.line.restart()
                self._arm()
            else:
                break
        else:
            raise AssertionError(f"no end after {_LIVES} lives: {self.line.requests()[-8:]}")
        with self.line.watching() as seen:
            await self.line.after(300)
        assert seen == [], "something is still sent after the end"

    def _arm(self) -> None:
        self._left = self._life

    def _live_on(self) -> None:
        """Each process lives for so many writes."""
        if self._life:
            if not self._left:
                raise CrashError("before a write")
            self._left -= 1

    def _check_synced(self, revisions: list[str]) -> None:
        status = self.line.status()
        assert (status["sync"]["status"], status["health"]["status"]) == ("Synced", "Healthy")
        assert status["operation"]["phase"] == "Succeeded"
        assert [entry["revisions"] for entry in status["history"]] == [[one] for one in revisions]
        assert all(self._is_as_wanted(body) for body in self.wanted)

    def _check(self, request: Request, of: ResourceKey) -> None:
        """Nothing is early: what comes before a write is there and healthy, or gone."""
        self._live_on()
        if of.group_kind == APPLICATION or of.kind == "Namespace":
            return
        if request.verb == "apply":
            wave = self._wave(next(body for body in self.wanted if body["metadata"]["name"] == of.name))
            early = [body for body in self.wanted if self._wave(body) < wave and not self._is_well(body)]
            assert early == [], f"{of} is early"
        if request.verb == "delete":
            assert all(self._is_well(body) for body in self.wanted), f"{of} is pruned before all is applied"
            wave = self._wave(self.line.api.get(of))
            names = {body["metadata"]["name"] for body in self.wanted}
            doomed = [live for key, live in self.line.api.objects.items() if key.namespace == "new"]
            later = [one for one in doomed if one["metadata"]["name"] not in names and self._wave(one) > wave]
            assert later == [], f"{of} is pruned before later waves are gone"

    def _check_once(self) -> None:
        made = Counter(_identity(event.raw) for event in self.events if event.type == "ADDED")
        assert set(made.values()) == {1}, f"made twice: {made}"

    def _is_well(self, body: Body) -> bool:
        if not self._is_as_wanted(body):
            return False
        health = assess(self.line.api.get(self._key(body)))
        return health is None or health.status in _WELL

    def _is_as_wanted(self, body: Body) -> bool:
        live = self.line.api.objects.get(self._key(body), {})
        return all(live.get(part) == body[part] for part in ("data", "spec") if part in body)

    @staticmethod
    def _key(body: Body) -> ResourceKey:
        return key(body["kind"], body["metadata"]["name"], "new")

    @staticmethod
    def _wave(body: Mapping[str, Any]) -> int:
        return wave_of(body["metadata"].get("annotations") or {})

    def writes(self) -> Counter[str]:
        """What was written to the cluster, and how often."""
        return Counter(self.line.written())


class _Log(deque[Watched]):
    """Keeps the events of all objects but Applications."""

    def __init__(self, into: list[Watched]) -> None:
        super().__init__()
        self._into = into

    def append(self, event: Watched) -> None:
        if event.kind.group_kind != APPLICATION:
            self._into.append(event)


def _identity(raw: bytes) -> str:
    body = json.loads(raw)
    return f"{body['kind']} {body['metadata']['name']}"


async def whole() -> Story:
    story = Story()
    await story.tell()
    return story


async def test_the_story_has_many_requests() -> None:
    story = await whole()
    assert len(story.line.api.requests) > 30
    assert story.crashes == 0


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_crash_at_any_request_changes_nothing_of_the_end(after: bool) -> None:
    story = await whole()
    for number in range(len(story.line.api.requests)):
        other = Story((number, after))
        try:
            await other.tell()
        except AssertionError as error:
            where = story.line.api.requests[number]
            raise AssertionError(
                f"crash {'after' if after else 'before'} request {number} ({where}): {error}"
            ) from error
        assert other.crashes == 1
        assert other.writes() == story.writes(), f"crash at request {number}"


@pytest.mark.parametrize("life", [1, 2, 3, 5])
async def test_a_process_that_dies_again_and_again_gets_there(life: int) -> None:
    story = await whole()
    other = Story(life=life)
    await other.tell()
    assert other.crashes > 3
    assert other.writes() == story.writes()
