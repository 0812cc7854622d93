"""The line from end to end, with the real stages: only the API server, Git, the clock and chance are not real."""

import asyncio
import contextlib
import hashlib
import itertools
import re
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from gitops_operator.cluster.client import Client
from gitops_operator.cluster.session import Session
from gitops_operator.destination import Destination, Rules
from gitops_operator.errors import ClusterError, Problem, SourceError
from gitops_operator.feed import Feed
from gitops_operator.health import assess
from gitops_operator.live import Store
from gitops_operator.manifests import Manifests
from gitops_operator.model.application import APPLICATION, Application, ApplicationKey, IgnoreRule, Source
from gitops_operator.model.kind import Catalogue, Kind, KindState, KindStatus
from gitops_operator.model.resource import GroupKind, ResourceKey
from gitops_operator.model.revision import CommitNote, Revision
from gitops_operator.model.tree import Tree
from gitops_operator.ports import Clock
from gitops_operator.reconciler import Reconciler
from gitops_operator.render.build import Build
from gitops_operator.render.cache import RenderCache, Result
from gitops_operator.render.programs import Programs
from gitops_operator.render.renderer import Renderer, Workshop
from gitops_operator.sight import Sight
from gitops_operator.source.credentials import Credential
from gitops_operator.source.failures import Reason, failure
from gitops_operator.source.interests import Resolved
from gitops_operator.status import Event, Observation
from gitops_operator.view import Chance, Done
from gitops_operator.wakeups import Priority
from gitops_operator.writes import LeadershipLostError
from tests.builders import Body, as_file
from tests.fake_api import EVERYBODY, CrashError, FakeApi, Sent, Watched
from tests.unit.render.trees import Link, tree_of

START = datetime(2027, 1, 1, tzinfo=UTC)
LOOK_INTERVAL = 180.0
SOON = 2.0
_BOUND = 400
TOOLS = Programs(kustomize=sys.executable)  # any program: it is looked for, and not run
_GROUPS = {
    "Application": "gitops-operator.io",
    "CustomResourceDefinition": "apiextensions.k8s.io",
    "ClusterRole": "rbac.authorization.k8s.io",
    "Deployment": "apps",
    "Gizmo": "example.com",
    "HorizontalPodAutoscaler": "autoscaling",
    "Job": "batch",
    "NetworkPolicy": "networking.k8s.io",
    "ReplicaSet": "apps",
}
_CLUSTER_SCOPED = frozenset({"ClusterRole", "CustomResourceDefinition", "Namespace"})


def key(kind: str, name: str, namespace: str = "web") -> ResourceKey:
    """The key of an object of a kind that the tests use."""
    return ResourceKey(_GROUPS.get(kind, ""), kind, "" if kind in _CLUSTER_SCOPED else namespace, name)


@dataclass
class FakeClock:
    """Time moves only when a test says so."""

    time: datetime = START

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return (self.time - START).total_seconds()


class AtOnce(Executor):
    """Runs what it is given where it stands."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever asks for the result
            future.set_exception(error)
        return future


@dataclass
class FakeGit:
    """One repository with one branch. Implements `manifests.Repositories`.

    `error` is what reading it fails with; `unfetched` commits are not there yet; a refresh ends with `answer`.
    """

    now: Callable[[], datetime]
    commits: dict[str, Tree] = field(default_factory=dict)
    newest: str = ""
    error: SourceError | None = None
    unfetched: set[str] = field(default_factory=set)
    refreshing: set[ApplicationKey] = field(default_factory=set)
    refreshes: int = 0
    released: list[ApplicationKey] = field(default_factory=list)
    noted: dict[ApplicationKey, frozenset[str]] = field(default_factory=dict)

    def commit(self, files: Mapping[str, str | Link]) -> str:
        sha = hashlib.sha1(f"{len(self.commits)}{sorted(files.items())}".encode()).hexdigest()
        self.commits[sha] = tree_of(files, commit=sha)
        self.newest = sha
        return sha

    def resolve(
        self, key: ApplicationKey, source: Source, credential: Credential | None, *, revision: str = ""
    ) -> Resolved | None:
        sha = revision or self.newest
        if sha in self.unfetched:
            return None
        if sha not in self.commits:
            if self.error is not None:
                raise self.error
            reason = Reason.REVISION_GONE if revision else Reason.REPOSITORY_EMPTY
            raise failure(reason, f"{source.repo_url} has no commit {sha}")
        stale = None if revision else self.error
        ref = revision or source.target_revision
        note = CommitNote("Ann", f"{START:%Y-%m-%dT%H:%M:%SZ}", f"commit {list(self.commits).index(sha) + 1}")
        return Resolved(Revision(sha, ref), self.commits[sha], START.timestamp(), note, stale)

    def recall(
        self, key: ApplicationKey, source: Source, credential: Credential | None, revision: str
    ) -> Resolved | None:
        return self.resolve(key, source, credential, revision=revision)

    def release(self, key: ApplicationKey) -> None:
        self.released.append(key)

    def note_reads(self, key: ApplicationKey, paths: frozenset[str]) -> None:
        """Every commit wakes every Application here, whatever it reads."""
        self.noted[key] = paths

    def refresh(self, key: ApplicationKey) -> None:
        self.refreshes += 1
        self.refreshing.add(key)

    def is_refreshing(self, key: ApplicationKey) -> bool:
        return key in self.refreshing

    def answer(self) -> list[ApplicationKey]:
        """The looks that were asked for end; who asked is to be woken."""
        asked = list(self.refreshing)
        self.refreshing.clear()
        return asked

    def forget(self, key: ApplicationKey) -> None:
        self.refreshing.discard(key)


@dataclass
class FakeNarrator:
    """Keeps what was told. Implements `ports.Narrator`."""

    events: list[Event] = field(default_factory=list)
    passes: list[tuple[Observation, Done]] = field(default_factory=list)

    def tell(self, application: Application, events: Sequence[Event]) -> None:
        self.events.extend(events)

    def passed(self, seen: Observation, done: Done) -> None:
        self.passes.append((seen, done))

    def forget(self, key: ApplicationKey) -> None:
        """It remembers everything."""


@dataclass
class Renders:
    """Counts renders, and keeps time for nobody. Implements the observers of renderer and feed."""

    results: list[Result] = field(default_factory=list)

    def rendered(self, tool: str, result: Result, seconds: float) -> None:
        self.results.append(result)

    def whole_tree(self) -> None:
        """Of no interest here."""

    def event_lag(self, seconds: float) -> None:
        """Of no interest here."""


@dataclass
class FakeTools:
    """A tool that prints, whatever it is called for, the folder's file `output`. Implements `renderer.Runner`.

    A run takes no time, unless it is `held`.
    """

    runs: list[Build] = field(default_factory=list)
    running: int = 0
    held: asyncio.Event | None = None

    async def run(self, build: Build) -> bytes:
        self.runs.append(build)
        self.running += 1
        try:
            if self.held is not None:
                await self.held.wait()
        finally:
            self.running -= 1
        text = build.tree.read(f"{build.folder}/output").decode()
        if text.startswith("Error: "):
            raise build.failed((Problem(build.folder, 0, 0, text),))
        return text.encode()


class Operator:
    """One process: its memory is lost with it."""

    def __init__(self, line: "Line", installation: str = "") -> None:
        self.line, self.leads = line, True
        self.woken: dict[ApplicationKey, Priority] = {}
        self.due: dict[ApplicationKey, datetime] = {}
        self.failures: dict[ApplicationKey, int] = {}
        self.passes = 0
        self.events: deque[Watched] = deque()
        self.renders = Renders()
        self.store = Store(assess=assess, installation=installation)
        self.feed = Feed(self.store, self.wake, lambda: None, self.renders)
        client = Client(cast("Session", line.api), "fake")
        rules = Rules(installation, line.home, lambda namespace: namespace in line.served, *line.accounts)
        destination = Destination(
            client, self.store, rules, may_write=lambda: self.leads and line.lease(self), moved=self.feed.moved
        )
        workshop = Workshop(line.renders, line.tools, TOOLS, AtOnce(), line.clock.monotonic, self.renders)
        self.renderer = Renderer(workshop, lambda key: self.wake(key, Priority.COMMIT), at_once=2)
        manifests = Manifests(
            line.git,
            self.renderer,
            credential_of=lambda _: None,
            catalogue=lambda: destination.catalogue,
            installation=installation,
        )
        clock = Clock(line.clock.now, line.chance, lambda _: contextlib.nullcontext())
        self.sight = sight = Sight(destination, manifests, line.global_rules)
        self.reconciler = Reconciler(destination, sight, line.narrator, clock)

    def start(self) -> None:
        """List everything, look at everything."""
        api = self.line.api
        self.events.clear()
        api.watchers.append(self.events)
        self.learn(api.catalogue)
        for live in self.store.held(APPLICATION):
            self.wake(ApplicationKey(live.key.namespace, live.key.name), Priority.PERIODIC)

    def end(self) -> None:
        watchers = self.line.api.watchers
        watchers[:] = [one for one in watchers if one is not self.events]

    def learn(self, catalogue: Catalogue) -> None:
        """Discovery: list the kinds that are new, drop those that are gone."""
        known = self.store.discovered
        self.feed.catalogue(catalogue)
        for group_kind, kind in catalogue.preferred.items():
            if group_kind not in known.preferred:
                status = self.line.states.get(group_kind, KindStatus(KindState.READY))
                if status.state is KindState.READY:
                    self.list(kind)
                self.feed.state(group_kind, status)
        for group_kind in known.preferred.keys() - catalogue.preferred.keys():
            self.feed.gone(group_kind)

    def list(self, kind: Kind) -> None:
        """As an informer does when it begins anew."""
        replacement = self.feed.replacing(kind)
        replacement.add(self.line.api.listed(kind))
        replacement.done()

    def wake(self, key: ApplicationKey, priority: Priority) -> None:
        self.woken[key] = min(priority, self.woken.get(key, priority))

    def hear(self) -> None:
        """Take in what the watches say."""
        while self.events:
            event = self.events.popleft()
            if self.line.states.get(event.kind.group_kind, KindStatus(KindState.READY)).state is not KindState.READY:
                continue
            if event.type == "DELETED":
                self.feed.deleted(event.kind, event.raw)
            else:
                self.feed.changed(event.kind, event.raw)
        if self.line.api.catalogue.preferred.keys() != self.store.discovered.preferred.keys():
            self.learn(self.line.api.catalogue)

    async def one_pass(self, key: ApplicationKey) -> None:
        self.passes += 1
        self.due.pop(key, None)
        now = self.line.clock.now()
        try:
            due = await self.reconciler.reconcile(key)
        except LeadershipLostError:
            return
        except ClusterError as error:
            failures = self.failures[key] = self.failures.get(key, 0) + 1
            wait = 0.05 if error.status in {404, 409} else 1.0
            due = now + timedelta(seconds=min(wait * 2 ** (failures - 1), 60.0))
        else:
            self.failures.pop(key, None)
        if due is None and not self.reconciler.remembers(key):
            return
        latest = now + timedelta(seconds=LOOK_INTERVAL)
        self.due[key] = min(due or latest, latest)

    def next_due(self) -> datetime | None:
        return min(self.due.values(), default=None)

    def take(self) -> ApplicationKey | None:
        """The next key to look at now, if any."""
        if not self.woken:
            for key, due in self.due.items():
                if due <= self.line.clock.now():
                    self.wake(key, Priority.PERIODIC)
        if not self.woken:
            return None
        key = min(self.woken, key=lambda key: (self.woken[key], key))
        del self.woken[key]
        return key


class Line:
    """An operator, the cluster and the repository that it serves, and the people around it."""

    def __init__(self, **settings: Any) -> None:
        self.clock = FakeClock()
        self.api = FakeApi(self.clock.now)
        self.git = FakeGit(self.clock.now)
        self.narrator = FakeNarrator()
        self.renders = RenderCache()
        self.tools = FakeTools()
        self.controllers: frozenset[str] = settings.get("controllers", EVERYBODY)
        self.global_rules: tuple[IgnoreRule, ...] = settings.get("global_rules", ())
        self.served: set[str] = {"gitops"}
        self.home: str = settings.get("home", "gitops")  # of the operator
        self.accounts: tuple[str, bool] = settings.get("accounts", ("", False))
        self.states: dict[GroupKind, KindStatus] = {}
        self.lease: Callable[[Operator], bool] = lambda _: True
        self.jitter = 0.0
        self._ids = itertools.count(1)
        self.operator = Operator(self)
        self.operator.start()

    def chance(self) -> Chance:
        return Chance(self.jitter, f"op{next(self._ids)}")

    # --- what people do ---

    def commit(self, *objects: Body, files: Mapping[str, str | Link] | None = None, path: str = "shop") -> str:
        """A commit with exactly these objects, a file each, and these files."""
        named = {f"{path}/{body['kind'].lower()}-{body['metadata']['name']}.yaml": as_file(body) for body in objects}
        sha = self.git.commit({f"{path}/README": "", **named, **(files or {})})
        for one in self.api.objects:
            if one.group_kind == APPLICATION:
                self.operator.sight.looks.expect(ApplicationKey(one.namespace, one.name))
        self.wake_all(Priority.COMMIT)
        return sha

    def create(self, *bodies: Body) -> None:
        for body in bodies:
            self.api.put(body)

    def edit(self, kind: str, name: str, patch: Mapping[str, Any], manager: str = "kubectl-edit") -> None:
        self.api.edit(key(kind, name), patch, manager)

    def edit_app(self, patch: Mapping[str, Any], name: str = "shop") -> None:
        self.api.edit(key("Application", name, "gitops"), patch)

    def delete(self, kind: str, name: str) -> None:
        self.api.remove(key(kind, name))

    def delete_app(self, name: str = "shop") -> None:
        self.api.remove(key("Application", name, "gitops"))

    # --- what happens ---

    def wake_all(self, priority: Priority = Priority.PERIODIC) -> None:
        for key in self.api.objects:
            if key.group_kind == APPLICATION:
                self.operator.wake(ApplicationKey(key.namespace, key.name), priority)

    def restart(self) -> None:
        """The process dies; another one starts."""
        self.operator.end()
        self.operator = Operator(self)
        self.operator.start()

    def say(self, kind: str, state: KindState, message: str = "") -> None:
        """The cache knows a kind so well from now on."""
        group_kind = key(kind, "").group_kind
        if state is KindState.READY:
            self.states.pop(group_kind, None)
            of = self.operator.store.discovered.preferred[group_kind]
            self.operator.list(of)
        else:
            self.states[group_kind] = KindStatus(state, message)
        self.operator.feed.state(group_kind, KindStatus(state, message))

    async def settle(self, soon: float = SOON) -> None:
        """Everything that wants to happen now, and what is due within so many seconds after it."""
        for _ in range(_BOUND):
            if await self.step():
                continue
            due = self.operator.next_due()
            if due is None or due > self.clock.time + timedelta(seconds=soon):
                return
            self.clock.time = max(due, self.clock.time)
        raise AssertionError(f"never quiet: {self.api.requests[-10:]}")

    async def survive(self) -> None:
        """As `settle`; should the process die, another one goes on."""
        try:
            await self.settle(soon=5)
        except CrashError:
            self.restart()
            await self.settle(soon=5)

    async def survive_for(self, seconds: float) -> None:
        """As `after`; should the process die, another one goes on."""
        end = self.clock.time + timedelta(seconds=seconds)
        try:
            await self.after(seconds)
        except CrashError:
            self.restart()
            await self.after((end - self.clock.time).total_seconds())

    async def step(self) -> bool:
        """One pass, if there is one to make."""
        self.hear()
        if self.tools.held is None:
            await self.operator.renderer.settle()
        else:
            await asyncio.sleep(0)
        for asked in self.git.answer():
            self.operator.wake(asked, Priority.USER)
        found = self.operator.take()
        if found is None:
            return False
        await self.operator.one_pass(found)
        self.hear()
        return True

    def hear(self) -> None:
        self.api.play(self.controllers)
        self.operator.hear()

    async def after(self, seconds: float) -> None:
        """So much time goes by, and all that is due in it happens."""
        end = self.clock.time + timedelta(seconds=seconds)
        for _ in range(_BOUND):
            await self.settle(soon=0)
            due = self.operator.next_due()
            if due is None or due > end:
                self.clock.time = end
                await self.settle(soon=0)
                return
            self.clock.time = max(due, self.clock.time)
        raise AssertionError(f"never quiet: {self.api.requests[-10:]}")

    # --- what there is to see ---

    def app(self, name: str = "shop") -> Body:
        return self.api.get(key("Application", name, "gitops"))

    def status(self, name: str = "shop") -> Any:
        return self.app(name).get("status") or {}

    def words(self, name: str = "shop") -> tuple[str, str]:
        """Sync and health of an Application."""
        status = self.status(name)
        return status["sync"]["status"], status["health"]["status"]

    def operation(self, name: str = "shop") -> Any:
        return self.status(name)["operation"]

    def condition(self, kind: str, name: str = "shop") -> Any:
        """A condition; an empty one where there is none."""
        return next((one for one in self.status(name).get("conditions", ()) if one["type"] == kind), {})

    def live(self, kind: str, name: str, namespace: str = "web") -> Body:
        return self.api.get(key(kind, name, namespace))

    def has(self, kind: str, name: str, namespace: str = "web") -> bool:
        return key(kind, name, namespace) in self.api.objects

    def names(self, *kinds: str) -> list[str]:
        """The names of the objects of some kinds in the cluster."""
        return sorted(key.name for key in self.api.objects if key.kind in kinds)

    def events(self, reason: str) -> list[str]:
        """The messages of the Events with a reason."""
        return [event.message for event in self.narrator.events if event.reason == reason]

    def requests(self, pattern: str = "") -> list[str]:
        """The requests so far, in words, that a pattern is found in."""
        return [str(sent) for sent in self.api.requests if re.search(pattern, str(sent))]

    def written(self) -> list[str]:
        """Writes to other objects than Applications, in order."""
        return [str(sent) for sent in self.writes()]

    def writes(self) -> list[Sent]:
        return [
            sent
            for sent in self.api.requests
            if sent.verb != "get"
            and not (sent.dry_run or sent.is_review)
            and sent.code < 300
            and sent.key.group_kind != APPLICATION
        ]

    @contextlib.contextmanager
    def watching(self) -> Iterator[list[Sent]]:
        """The requests that are made meanwhile."""
        before, found = len(self.api.requests), list[Sent]()
        yield found
        found.extend(self.api.requests[before:])


async def synced(*objects: Body, app: Body | None = None, **settings: Any) -> Line:
    """A line whose Application has been synced to these objects, and rests."""
    from tests.builders import application

    line = Line(**settings)
    line.commit(*objects)
    line.create(app or application())
    await line.settle()
    return line
