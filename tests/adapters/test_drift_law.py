"""The law of drift.md on the real API server: our verdict is what a forced server-side-apply dry run says."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from random import Random
from typing import Any, NamedTuple

import pytest

from devcluster.cluster import DevCluster
from devcluster.waiting import wait_until
from gitops_operator.errors import ClusterError
from gitops_operator.model.application import IgnoreRule, SyncPolicy
from gitops_operator.model.change import Change
from gitops_operator.model.fields_v1 import Fields, Path, left_out, resolve, unite, without
from gitops_operator.model.managed_fields import entries_of, fields_of
from gitops_operator.model.resource import STAMPED_ANNOTATIONS, Resource
from gitops_operator.model.sending import body_to_send
from gitops_operator.model.step import Result, TaskKind
from gitops_operator.plan.tasks import write_task
from tests.adapters.law_mutations import Mutation, mutations, places, tracked
from tests.adapters.law_objects import GIZMOS, Manifest, generated, real
from tests.adapters.workbench import EDITOR, Live, Workbench, workbench

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]
AT_ONCE = 16
MUTATIONS = 420
SEED = 20261124
"""A change is tried on the same cases as the one before; `make soak` draws others, and prints their seeds."""
GENERATED = 12
OF_EACH = 5

SCALER = "HorizontalPodAutoscaler"
IGNORING = "ignoring"
RULE_EARLY = 0.01
"""Who takes an atomic value of which a rule ignores a part takes it from us: one apply, which keeps the part."""
WALK_MISSES = 0.06
"""The coverage walk sees neither the order of items nor who took an empty list: the dry run after it does."""
WALK_EARLY = 0.01
"""Where a rule ignores what Git wants together with the field around it."""


class Circumstance(NamedTuple):
    """How the Application wants an object to be looked at."""

    name: str = ""
    rule: IgnoreRule | None = None
    options: tuple[str, ...] = ()
    is_scaled: bool = False


PLAIN = Circumstance()


class Case(NamedTuple):
    """What somebody does to an object, and how the Application looks at it."""

    manifest: Manifest
    mutation: Mutation
    circumstance: Circumstance

    def __str__(self) -> str:
        how = self.circumstance
        said = f" ({how.name} {how.rule or ''})" if how.name else ""
        return f"{self.manifest['kind']}/{self.manifest['metadata']['name']}: {self.mutation.name}{said}"


def circumstance(manifest: Manifest, random: Random) -> Circumstance:
    """Most are plain; some have a rule about a field of the object, an option, or an autoscaler."""
    some = [PLAIN, PLAIN, PLAIN, Circumstance(IGNORING), Circumstance("replaced", None, ("Replace=true",))]
    found = random.choice(some)
    if manifest["kind"] in {"Deployment", "StatefulSet"} and random.random() < 0.5:
        return Circumstance("autoscaled", is_scaled=True)
    if found.name == IGNORING and not _may_be_ignored(manifest):
        return PLAIN
    return found._replace(rule=_rule(manifest, random)) if found.name == IGNORING else found


def _may_be_ignored(manifest: Manifest) -> bool:
    """Of a Pod almost nothing may change: there is nothing to ignore.

    And a rule about a manager's fields is not tried on an object that is applied in one version and watched in another:
    what is atomic in ours (scaleTargetRef) is shown in parts; with the rest of it we must take the part over.
    """
    return (manifest["apiVersion"], manifest["kind"]) not in {("v1", "Pod"), ("autoscaling/v1", SCALER)}


def _rule(manifest: Manifest, random: Random) -> IgnoreRule:
    about = {"group": "*", "kind": manifest["kind"]}
    # No whole item by its index: once its list is gone, no entry says by which keys it was one.
    place = random.choice([place for place in places(tracked(manifest)) if isinstance(place[-1], str)] or [("data",)])
    pointer = "/" + "/".join(str(step).replace("~", "~0").replace("/", "~1") for step in place)
    expression = "." + "".join(f"[{json.dumps(step)}]" for step in place)
    return random.choice(
        [
            IgnoreRule(**about, json_pointers=(pointer,)),
            IgnoreRule(**about, jq_path_expressions=(expression,)),
            IgnoreRule(**about, managers=(EDITOR,)),
        ]
    )


def scaler_of(manifest: Manifest) -> Manifest:
    target = {"apiVersion": manifest["apiVersion"], "kind": manifest["kind"], "name": manifest["metadata"]["name"]}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": SCALER,
        "metadata": {"name": manifest["metadata"]["name"]},
        "spec": {"scaleTargetRef": target, "maxReplicas": 9},
    }


@dataclass
class Tally:
    """What came of all mutations: each case is `<kind>/<name>: <mutation>`."""

    objects: int = 0
    mutations: int = 0
    refused: int = 0
    drifted: int = 0
    only_empties: int = 0
    immutable: int = 0
    missed: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    missed_by_the_walk: list[str] = field(default_factory=list)
    early_by_the_walk: list[str] = field(default_factory=list)
    missed_by_verify: list[str] = field(default_factory=list)
    early_by_verify: list[str] = field(default_factory=list)
    unhealed: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = {name: len(value) if isinstance(value, list) else value for name, value in vars(self).items()}
        lines = [f"{name.replace('_', ' ')}: {value}" for name, value in counts.items()]
        cases = [f"  {name} {case}" for name, value in vars(self).items() if isinstance(value, list) for case in value]
        return "\n".join([*lines, *cases])


def stored(body: Live) -> dict[str, Any]:
    """What an apply could change: all but status, versions and the times of managedFields."""
    moving = {"resourceVersion", "generation", "managedFields"}
    metadata = {name: value for name, value in body["metadata"].items() if name not in moving}
    entries = [{**entry, "time": ""} for entry in body["metadata"].get("managedFields", ())]
    rest = {name: value for name, value in body.items() if name not in {"status", "metadata"}}
    return {**rest, "metadata": metadata, "managedFields": sorted(entries, key=json.dumps)}


def without_ignored(body: dict[str, Any], paths: Sequence[Path]) -> dict[str, Any]:
    """The object without fields that do not count, and without what anybody says of them."""
    entries = [
        {**entry, "fieldsV1": reduce(without, paths, entry.get("fieldsV1", {}))} for entry in body["managedFields"]
    ]
    rest = reduce(left_out, paths, body)
    return {**rest, "managedFields": [entry for entry in entries if entry["fieldsV1"]]}


def stamps(body: Live) -> list[str]:
    """What we know our objects by, which no rule ignores."""
    annotations = body["metadata"].get("annotations") or {}
    return [annotations.get(name, "") for name in STAMPED_ANNOTATIONS]


def without_empty_lists(value: Any) -> Any:
    """An empty list of items by keys, or a set, can be owned by nobody; it means what its absence means."""
    if isinstance(value, dict):
        return {name: without_empty_lists(inner) for name, inner in value.items() if inner != []}
    return [without_empty_lists(inner) for inner in value] if isinstance(value, list) else value


class Trial:
    """One object and what somebody does to it."""

    def __init__(self, bench: Workbench, tally: Tally, case: str) -> None:
        self._bench, self._tally, self._case = bench, tally, case
        self._scaler: Resource | None = None

    async def of(self, desired: Resource, mutation: Mutation, scaler: Resource | None) -> None:
        bench, tally = self._bench, self._tally
        self._scaler = scaler
        if scaler is not None:
            await bench.sync(scaler)
        await bench.sync(*[one for one in (desired, scaler) if one is not None])
        live = await bench.look(desired)
        try:
            await mutation.do(bench, desired, live)
        except (ClusterError, LookupError, TypeError):  # the server refuses it, or it does not fit what is live
            tally.refused += 1
        else:
            await self._judge(desired)
        await bench.client.delete(bench.kind(desired), desired.key.namespace, desired.key.name, uid="")

    async def _judge(self, desired: Resource) -> None:
        bench, tally = self._bench, self._tally
        verdict, truth = await self._told(bench, desired)
        tally.mutations += 1
        tally.drifted += truth
        if truth != (not verdict.is_in_sync):
            (tally.missed if truth else tally.early).append(self._said(verdict))
        await self._judge_after_restart(desired, bench.restarted())
        if not verdict.is_in_sync:
            await self._heal(desired)

    async def _judge_after_restart(self, desired: Resource, bench: Workbench) -> None:
        """What the coverage walk misses, the dry run that follows it in the background must find."""
        tally = self._tally
        walked, truth = await self._told(bench, desired)
        if truth != (not walked.is_in_sync):
            (tally.missed_by_the_walk if truth else tally.early_by_the_walk).append(self._said(walked))
        if walked.unverified:
            [outcome] = await bench.carry_out(write_task(walked, SyncPolicy(), TaskKind.VERIFY))
            if truth != (outcome.result is Result.DIFFERS):
                (tally.missed_by_verify if truth else tally.early_by_verify).append(f"{self._case} ({outcome})")

    async def _told(self, bench: Workbench, desired: Resource) -> tuple[Change, bool]:
        """What we say of the object, and whether an apply would change it."""
        for _ in range(10):
            live = await bench.look(desired)
            if self._scaler is not None:
                await bench.look(self._scaler)
            verdict = bench.verdict(desired)
            truth, version = await self._dry_run(desired)
            if version == live["metadata"]["resourceVersion"]:
                return verdict, truth
        raise AssertionError(f"{self._case}: it does not come to rest")

    async def _dry_run(self, desired: Resource) -> tuple[bool, str]:
        """Whether it changes anything, or is refused because something foreign is in the way; of which version."""
        bench, key = self._bench, desired.key
        kind = bench.catalogue.served[desired.api_version, key.kind]
        before = json.loads((await bench.client.get(kind, key.namespace, key.name)).body)
        version = before["metadata"]["resourceVersion"]
        ignored = bench.ignored(desired, before, self._scaler)
        body = body_to_send(desired, before, ignored)
        try:
            answer = await bench.client.apply(kind, key.namespace, key.name, body, force=True, dry_run=True)
        except ClusterError as error:
            if error.status in {409, 422}:
                return True, version if error.status == 422 else ""
            raise
        after = json.loads(answer.body)
        if after["metadata"]["resourceVersion"] != version:
            return True, ""
        nobodys: Fields = {}
        known = reduce(unite, map(fields_of, entries_of(before)), nobodys)
        paths = [resolve(path, known) for path in ignored]
        now, then = (without_ignored(stored(some), paths) for some in (before, after))
        if stamps(before) != stamps(after):
            return True, version
        if now != then and without_empty_lists(now) == without_empty_lists(then):
            self._tally.only_empties += 1
            return False, version
        return now != then, version

    async def _heal(self, desired: Resource) -> None:
        """An apply must settle it: in sync by our verdict, and by the server's.

        managedFields that somebody emptied take two: only the first makes an entry that can be taken over.
        """
        for is_last in (False, True):
            [outcome] = await self._bench.carry_out(write_task(self._bench.verdict(desired), SyncPolicy()))
            verdict, truth = await self._told(self._bench, desired)
            if outcome.error is not None and outcome.error.reason == "Immutable":
                self._tally.immutable += 1
                return
            if outcome.error is None and verdict.is_in_sync and not truth:
                return
            if is_last or verdict.is_in_sync:
                why = outcome.error or ("another apply would change it again" if truth else verdict.why)
                self._tally.unhealed.append(f"{self._case} ({why})")
                return

    def _said(self, change: Change) -> str:
        return f"{self._case} ({change.why.value}: {change.message})"


async def all_of(bench: Workbench, cases: Sequence[Case]) -> Tally:
    """Each case with an object of its own."""
    tally, limit = Tally(len({case.manifest["metadata"]["name"] for case in cases})), asyncio.Semaphore(AT_ONCE)

    async def one(number: int, case: Case) -> None:
        how, name = case.circumstance, f"{case.manifest['metadata']['name']}-{number}"
        mine = bench.restarted()
        mine.rules = (how.rule,) if how.rule else ()
        desired = mine.desired(renamed(case.manifest, name), *how.options)
        scaler = mine.desired(scaler_of(renamed(case.manifest, name))) if how.is_scaled else None
        async with limit:
            await Trial(mine, tally, str(case)).of(desired, case.mutation, scaler)

    async with asyncio.TaskGroup() as tasks:
        for number, case in enumerate(cases):
            tasks.create_task(one(number, case))
    return tally


def chosen(bench: Workbench, random: Random, count: int) -> list[Case]:
    """So many cases by chance, of every object some."""
    manifests = [*real(), *generated(random, GENERATED)]
    every = {
        manifest["metadata"]["name"]: [(manifest, mutation) for mutation in mutations(bench.desired(manifest))]
        for manifest in manifests
    }
    first = [pair for pairs in every.values() for pair in random.sample(pairs, OF_EACH)]
    more = random.sample([pair for pairs in every.values() for pair in pairs], count - len(first))
    return [Case(manifest, mutation, circumstance(manifest, random)) for manifest, mutation in (*first, *more)]


def renamed(manifest: Manifest, name: str) -> Manifest:
    return {**manifest, "metadata": {**manifest["metadata"], "name": name}}


def is_established(devcluster: DevCluster) -> bool:
    path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{GIZMOS['metadata']['name']}"
    conditions = (devcluster.api.get(path) or {}).get("status", {}).get("conditions") or ()
    return any(condition["type"] == "Established" and condition["status"] == "True" for condition in conditions)


@pytest.mark.parametrize(
    "seed",
    [
        SEED,
        *(pytest.param(Random().getrandbits(32), id=f"drawn-{number}", marks=pytest.mark.soak) for number in range(4)),
    ],
)
async def test_the_verdict_is_what_a_forced_dry_run_says(
    devcluster: DevCluster, namespace: str, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    devcluster.apply(json.dumps(GIZMOS))
    wait_until(lambda: is_established(devcluster), "the CRD of the law to be established")
    async with workbench(devcluster, namespace) as bench:
        tally = await all_of(bench, chosen(bench, Random(seed), MUTATIONS))
    with capsys.disabled():
        sys.stdout.write(f"\nThe drift law, seed {seed}:\n{tally}\n")
    assert tally.missed == []
    assert [case for case in tally.early if IGNORING not in case] == []
    assert len(tally.early) <= RULE_EARLY * tally.mutations
    assert tally.unhealed == []
    assert tally.missed_by_verify == []
    assert tally.early_by_verify == []
    assert len(tally.missed_by_the_walk) <= WALK_MISSES * tally.mutations
    assert len(tally.early_by_the_walk) <= WALK_EARLY * tally.mutations
