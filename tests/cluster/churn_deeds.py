"""What happens to the fleet: commits, foreign hands, bad days of servers and lines, a lease that changes hands."""

import contextlib
import heapq
import time
from collections import Counter
from collections.abc import Callable
from random import Random

from aiohttp import web

from devcluster.cluster import DevCluster
from devcluster.git_server import GitServer
from tests.cluster.churn_fleet import CRD, KEPT, Fleet, Key, Member, change, something
from tests.cluster.churn_pair import LEASE, Pair, Sample
from tests.cluster.kube import Json, Kube, KubeError
from tests.cluster.operator import NAMESPACE
from tests.cluster.scene import APPLICATION, TRACKING

_BROKEN = "broken.yaml"


class Churn:
    """One deed after another, drawn by weight; what has to end later ends by itself."""

    def __init__(self, cluster: DevCluster, kube: Kube, git: GitServer, pair: Pair, fleet: Fleet) -> None:
        self.cluster, self.kube, self.git, self.pair, self.fleet = cluster, kube, git, pair, fleet
        self.done: Counter[str] = Counter()
        self._later: list[tuple[float, int, Callable[[], object]]] = []
        self._number = 0

    def run(self, random: Random, seconds: float, between: float) -> None:
        """Deeds for so many seconds, with a pause of so many on average."""
        deeds, weights = zip(*_DEEDS, strict=True)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            deed = random.choices(deeds, weights)[0]
            self.fleet.now_doing = deed.__name__.strip("_").replace("_", " ")
            self.done[self.fleet.now_doing] += 1
            deed(self, random)
            self.rest(random.uniform(0, 2 * between))

    def rest(self, seconds: float) -> None:
        """Does what is due meanwhile."""
        end = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            while self._later and self._later[0][0] <= now:
                heapq.heappop(self._later)[2]()
            if now >= end:
                return
            time.sleep(max(0.0, min(0.05, end - now)))

    def finish(self) -> None:
        """Everything that was to come later comes now; then all is well: nothing is broken, nobody is away."""
        while self._later:
            heapq.heappop(self._later)[2]()
        self.git.recover()
        self.pair.recover()
        for member in self.fleet.members:
            self.mend(member)
            if not member.exists:
                self.create(member)

    def sample(self) -> Sample:
        """Of the second, as soon as it can tell."""
        while self.pair.is_frozen:
            self.rest(0.5)
        return self.pair.second.sample()

    def later(self, seconds: float, what: Callable[[], object]) -> None:
        self._number += 1
        heapq.heappush(self._later, (time.monotonic() + seconds, self._number, what))

    # Members

    def create(self, member: Member) -> None:
        self.fleet.owe_all_of(member)
        self.fleet.owe(Key("namespaces", "", member.namespace))
        member.exists = True
        self.apply(member)

    def apply(self, member: Member) -> None:
        """The Application as it shall be; while one of that name is on its way out it waits, as its user would."""
        if not member.exists:
            return
        found = self.kube.find(APPLICATION, member.name, NAMESPACE)
        if found and found["metadata"].get("deletionTimestamp"):
            self.later(0.5, lambda: self.apply(member))
        else:
            surely(lambda: self.kube.apply(member.application))

    def delete(self, member: Member) -> None:
        self.fleet.owe_all_of(member)
        member.exists = False
        with contextlib.suppress(KubeError):
            self.kube.delete(APPLICATION, member.name, NAMESPACE)

    def mend(self, member: Member) -> None:
        """Its newest commit is a good one again."""
        if member.is_broken:
            member.is_broken = False
            member.commit(_BROKEN)

    def respec(self, member: Member, **spec: Json) -> None:
        member.spec = spec
        self.apply(member)

    def edit(self, member: Member, patch: Json) -> None:
        with contextlib.suppress(KubeError):
            self.kube.edit(APPLICATION, member.name, NAMESPACE, patch)


def surely(what: Callable[[], object]) -> None:
    """Again until the server takes it; conflicts and servers that start pass."""
    for _ in range(40):
        try:
            what()
        except (KubeError, OSError):
            time.sleep(0.25)
        else:
            return
    what()


def _member(churn: Churn, random: Random) -> Member:
    return random.choice(churn.fleet.members[:-1])


def _path(member: Member, random: Random) -> str:
    return random.choice(sorted(member.files))


# Git


def _commit_a_change(churn: Churn, random: Random) -> None:
    member = _member(churn, random)
    paths = {_path(member, random) for _ in range(random.randint(1, 3))}
    for path in sorted(paths):
        change(member.files[path], random)
        churn.fleet.owe(member.key(path))
    member.commit(*paths)


def _commit_a_new_object(churn: Churn, random: Random) -> None:
    member = _member(churn, random)
    path = f"{random.getrandbits(24):x}.yaml"
    member.files[path] = something(f"{member.name}-{path[:-5]}", random)
    churn.fleet.owe(member.key(path))
    member.commit(path)


def _commit_a_removal(churn: Churn, random: Random) -> None:
    member = _member(churn, random)
    path = _path(member, random)
    if path != KEPT and len(member.files) > 4:
        churn.fleet.owe(member.key(path))
        del member.files[path]
        member.commit(path)


def _move_an_object_to_the_neighbour(churn: Churn, random: Random) -> None:
    member = _member(churn, random)
    other = next(one for one in churn.fleet.neighbours(member.namespace) if one is not member)
    path = _path(member, random)
    if path != KEPT and len(member.files) > 4:
        moved = f"moved-{random.getrandbits(24):x}.yaml"
        churn.fleet.owe(*(member.key(path),) * 3)
        other.files[moved] = member.files.pop(path)
        other.commit(moved)
        member.commit(path)


def _commit_what_cannot_be_read(churn: Churn, random: Random) -> None:
    member, seconds = _member(churn, random), random.uniform(1, 8)
    member.is_broken = True
    member.repository.commit({f"{member.name}/{_BROKEN}": "kind: [unclosed\n"})
    churn.later(seconds, lambda: churn.mend(member))


def _force_push(churn: Churn, random: Random) -> None:
    team = random.choice(churn.fleet.teams)
    team.force_push(team.files())


def _git_has_a_bad_day(churn: Churn, random: Random) -> None:
    troubles: list[Callable[[], None]] = [
        churn.git.refuse,
        churn.git.hang,
        lambda: churn.git.slow(2),
        lambda: churn.git.cut(200),
    ]
    random.choice(troubles)()
    churn.later(random.uniform(1, 8), churn.git.recover)


# Foreign hands


def _edit_an_object(churn: Churn, random: Random) -> None:
    member = _member(churn, random)
    body = member.files[_path(member, random)]
    patch: Json = random.choice(
        [{"metadata": {"labels": {"value": "mine"}}}, {"metadata": {"labels": {"value": None}}}]
    )
    _meddle(churn, member, body, {**patch, **_other(body)})


def _other(body: Json) -> Json:
    if body["kind"] == "ConfigMap":
        return {"data": {"key": "mine", "theirs": "kept"}}
    return {"spec": {"size": "mine"}} if body["kind"] == "Widget" else {}


def _meddle(churn: Churn, member: Member, body: Json, patch: Json) -> None:
    churn.fleet.owe(*(member.key(path) for path, found in member.files.items() if found is body))
    with contextlib.suppress(KubeError):
        churn.kube.edit(body["kind"], body["metadata"]["name"], member.namespace, patch)


def _take_the_tracking_away(churn: Churn, random: Random) -> None:
    member = _member(churn, random)
    _meddle(churn, member, member.files[_path(member, random)], {"metadata": {"annotations": {TRACKING: None}}})


def _delete_an_object(churn: Churn, random: Random) -> None:
    member = _member(churn, random)
    path = _path(member, random)
    churn.fleet.owe(member.key(path))
    with contextlib.suppress(KubeError):
        churn.kube.delete(member.files[path]["kind"], member.files[path]["metadata"]["name"], member.namespace)


def _delete_a_namespace(churn: Churn, random: Random) -> None:
    member = _member(churn, random)
    for one in churn.fleet.neighbours(member.namespace):  # each of them creates it, and one is the first
        churn.fleet.owe(Key("namespaces", "", member.namespace))
        churn.fleet.owe_all_of(one)
    with contextlib.suppress(KubeError):
        churn.kube.delete("Namespace", member.namespace)


def _delete_the_definition(churn: Churn, random: Random) -> None:
    churn.fleet.owe(Key("customresourcedefinitions", "", CRD))
    for member in churn.fleet.members:
        churn.fleet.owe(*(key for key in map(member.key, member.files) if key.plural == "widgets"))
    with contextlib.suppress(KubeError):
        churn.kube.delete("CustomResourceDefinition", CRD)


# Applications


def _delete_an_application(churn: Churn, random: Random) -> None:
    member = _member(churn, random)
    seconds = random.choice((0.0, random.uniform(0.5, 8)))
    if member.exists:
        churn.delete(member)
        churn.later(seconds, lambda: churn.create(member))


def _ask_for_a_look(churn: Churn, random: Random) -> None:
    how = random.choice(("normal", "hard"))
    churn.edit(_member(churn, random), {"metadata": {"annotations": {"gitops-operator.io/refresh": how}}})


def _ask_for_a_sync(churn: Churn, random: Random) -> None:
    churn.edit(_member(churn, random), {"operation": {"initiatedBy": {"username": "churn"}, "sync": {"prune": True}}})


def _suspend(churn: Churn, random: Random) -> None:
    member = _member(churn, random)
    churn.respec(member, suspend={"reason": "the churn wants it"})
    churn.later(random.uniform(1, 8), lambda: churn.respec(member))


def _write_a_wrong_spec(churn: Churn, random: Random) -> None:
    member = _member(churn, random)
    wrong = random.choice(({"targetRevision": "nowhere"}, {"path": "nowhere"}))
    churn.respec(member, source={"repoURL": member.url, "path": member.name, **wrong})
    churn.later(random.uniform(1, 8), lambda: churn.respec(member))


# The line to the API server, and the lease


def _restart_the_api_server(churn: Churn, random: Random) -> None:
    churn.fleet.owe_again()
    with churn.cluster.apiserver_down():
        time.sleep(random.uniform(0, 2))


def _cut_the_watches(churn: Churn, random: Random) -> None:
    for served in churn.pair.gateways:
        served.cut_watches()


def _refuse_some_requests(churn: Churn, random: Random) -> None:
    status, chance, own = random.choice((429, 500, 503)), random.uniform(0.1, 0.6), Random(random.random())

    def refusal(request: web.Request) -> int:
        return status if own.random() < chance else 0

    for served in churn.pair.gateways:
        served.refusal = refusal
    churn.later(random.uniform(1, 6), churn.pair.recover)


def _slow_the_line(churn: Churn, random: Random) -> None:
    for served in churn.pair.gateways:
        served.delay, served.watch_delay = random.choice(((0.3, 0.0), (0.0, 2.0), (0.1, 0.5)))
    churn.later(random.uniform(2, 8), churn.pair.recover)


def _hand_the_lease_over(churn: Churn, random: Random) -> None:
    churn.fleet.owe_again()
    first, is_rude = churn.pair.first, random.random() < 0.5
    if churn.pair.is_frozen or churn.pair.leader() is not churn.pair.second:
        (first.kill if is_rude else first.stop)()
        churn.later(1, lambda: None if first.is_running() else first.start(wait=False))
    elif first.is_running():
        churn.pair.freeze()
        churn.later(LEASE + 3, churn.pair.thaw)


_DEEDS: list[tuple[Callable[[Churn, Random], None], float]] = [
    (_commit_a_change, 20),
    (_commit_a_new_object, 8),
    (_commit_a_removal, 8),
    (_move_an_object_to_the_neighbour, 2),
    (_commit_what_cannot_be_read, 2),
    (_force_push, 1),
    (_git_has_a_bad_day, 2),
    (_edit_an_object, 20),
    (_take_the_tracking_away, 2),
    (_delete_an_object, 8),
    (_delete_a_namespace, 1.5),
    (_delete_the_definition, 0.5),
    (_delete_an_application, 3),
    (_ask_for_a_look, 4),
    (_ask_for_a_sync, 3),
    (_suspend, 2),
    (_write_a_wrong_spec, 1),
    (_restart_the_api_server, 0.4),
    (_cut_the_watches, 2),
    (_refuse_some_requests, 1),
    (_slow_the_line, 1),
    (_hand_the_lease_over, 1.5),
]
