"""An honest writer over a real API server, a store that is fed by hand, and what others do to our objects."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from devcluster.cluster import DevCluster
from gitops_operator.apply import How, Written, execute
from gitops_operator.cluster.answer import Answer
from gitops_operator.cluster.client import Client
from gitops_operator.cluster.discovery import Discovery
from gitops_operator.cluster.request import ApplyOptions, DeleteOptions
from gitops_operator.cluster.session import connect
from gitops_operator.diff import Context, compare
from gitops_operator.diff.ignore import REPLICAS, LensRules, compile_rules, ignored_paths
from gitops_operator.errors import ClusterError
from gitops_operator.live import Store
from gitops_operator.model.access import Need, Right
from gitops_operator.model.adoption import JsonPatch
from gitops_operator.model.application import ApplicationKey, IgnoreRule, SyncPolicy
from gitops_operator.model.change import Action, Change
from gitops_operator.model.digest import desired_digest
from gitops_operator.model.fields_v1 import Path
from gitops_operator.model.kind import Catalogue, Kind, KindState, KindStatus
from gitops_operator.model.resource import Body, Origin, Resource, ResourceKey, key_of
from gitops_operator.model.step import Outcome, Step, Task, TaskKind
from gitops_operator.plan.tasks import prune_task, write_task

Live = dict[str, Any]

EDITOR = "kubectl-edit"


class ClusterWriter:
    """Sends to the server and tells the store of each answer."""

    def __init__(self, client: Client, store: Store, patience: float = 10.0) -> None:
        self.unappliable: set[tuple[str, str]] = set()
        self.catalogue = Catalogue()
        self.client, self._store, self._patience = client, store, patience

    async def get(self, task: Task) -> bytes:
        return (await self.client.get(*self._of(task))).body

    async def apply(self, task: Task, body: Body, how: How) -> Written:
        kind, namespace, name = self._of(task)
        options: ApplyOptions = {"force": how.force, "strict": how.strict, "dry_run": how.dry_run}
        answer = await self.client.apply(kind, namespace, name, body, **options)
        return self._written(kind, answer, dry_run=how.dry_run, is_apply=True)

    async def json_patch(self, task: Task, patch: JsonPatch) -> Written:
        kind, namespace, name = self._of(task)
        return self._written(kind, await self.client.json_patch(kind, namespace, name, patch))

    async def merge_patch(self, task: Task, patch: Mapping[str, Any], *, dry_run: bool = False) -> Written:
        kind, namespace, name = self._of(task)
        answer = await self.client.merge_patch(kind, namespace, name, patch, dry_run=dry_run)
        return self._written(kind, answer, dry_run=dry_run, is_apply=True)

    async def replace(self, task: Task, body: Body, *, dry_run: bool = False) -> Written:
        kind, namespace, name = self._of(task)
        answer = await self.client.replace(kind, namespace, name, body, dry_run=dry_run)
        return self._written(kind, answer, dry_run=dry_run)

    async def create(self, task: Task, body: Body, *, dry_run: bool = False) -> Written:
        kind, namespace, _ = self._of(task)
        answer = await self.client.create(kind, namespace, body, dry_run=dry_run)
        return self._written(kind, answer, dry_run=dry_run)

    async def lacking(self, needs: Iterable[Need]) -> Sequence[Right]:
        raise AssertionError("nobody is impersonated here")

    def forget_rights(self) -> None:
        """Nothing is remembered."""

    async def delete(self, task: Task, *, uid: str, resource_version: str = "", dry_run: bool = False) -> None:
        kind, namespace, name = self._of(task)
        which: DeleteOptions = {"uid": uid, "resource_version": resource_version, "propagation": task.propagation}
        which["dry_run"] = dry_run
        answer = await self.client.delete(kind, namespace, name, **which)
        if dry_run:
            return
        self._store.deleting(kind, task.key, answer or b"", uid=uid)

    async def gone(self, task: Task) -> bool:
        for _ in range(int(self._patience / 0.05)):
            try:
                live = json.loads(await self.get(task))
            except ClusterError as error:
                if error.status == 404:
                    return True
                raise
            if live["metadata"]["uid"] != task.uid:
                return True
            await asyncio.sleep(0.05)
        return False

    def _of(self, task: Task) -> tuple[Kind, str, str]:
        kind = self.catalogue.served.get((task.api_version, task.key.kind))
        if kind is None:
            raise ClusterError("404 page not found", status=404)
        return kind, task.key.namespace, task.key.name

    def _written(self, kind: Kind, answer: Answer, *, dry_run: bool = False, is_apply: bool = False) -> Written:
        if not dry_run:
            self._store.applied(kind, answer.body, baseline=is_apply)
        return Written(answer.body, answer.created, answer.warnings)


class Workbench:
    """One Application in one namespace of a real cluster."""

    def __init__(self, client: Client, namespace: str) -> None:
        self.client = client
        self.namespace = namespace
        self.app = ApplicationKey("argocd", namespace)
        self.store = Store(assess=lambda _: None)
        self.writer = ClusterWriter(client, self.store)
        self.rules: tuple[IgnoreRule, ...] = ()
        self.options: frozenset[str] = frozenset()
        self.at_admission: set[tuple[ResourceKey, str, str]] = set()
        self._discovery = Discovery(client)

    async def discover(self) -> None:
        self.writer.catalogue = await self._discovery.discover()
        self.store.catalogue(self.catalogue)

    @property
    def catalogue(self) -> Catalogue:
        return self.writer.catalogue

    def kind(self, of: Resource | ResourceKey) -> Kind:
        """The version that is watched."""
        return self.catalogue.preferred[(of.key if isinstance(of, Resource) else of).group_kind]

    # What Git wants

    def desired(self, body: Body, *options: str) -> Resource:
        kind = self.catalogue.served.get((body["apiVersion"], body["kind"]))
        metadata = dict(body["metadata"])
        if kind is None or kind.namespaced:
            metadata.setdefault("namespace", self.namespace)
        whole = {**body, "metadata": metadata}
        key = key_of(whole)
        origin, digest = Origin("app.yaml", 1), desired_digest(whole)
        return Resource(key, whole["apiVersion"], whole, origin, 0, frozenset(options), str(self.app), digest)

    # What a pass does

    def compared(self, *desired: Resource) -> list[Change]:
        compiled, problems = compile_rules(self.rules)
        assert problems == ()
        keys = frozenset(resource.key for resource in desired)
        for kind in {key.group_kind for key in keys} | {
            live.key.group_kind for live in self.store.tracked_by(self.app)
        }:
            if kind in self.catalogue.preferred:
                self.store.state(kind, KindStatus(KindState.READY))
        self.store.exclude(self.app, LensRules(compiled, desired))
        context = Context(self.app, "", compiled, self.catalogue, self.options, frozenset(self.at_admission))
        return list(compare(desired, self.store.snapshot(self.app, keys), context))

    def verdict(self, desired: Resource) -> Change:
        return next(change for change in self.compared(desired) if change.key == desired.key)

    def ignored(self, desired: Resource, live: Live, scaler: Resource | None = None) -> frozenset[Path]:
        """The fields that do not count."""
        compiled, _ = compile_rules(self.rules)
        found = ignored_paths(compiled.about(desired.key), desired.body, live)
        return found | {REPLICAS} if scaler is not None else found

    async def carry_out(self, *tasks: Task) -> list[Outcome]:
        return list(await execute(Step((tasks,)), self.writer))

    async def outcome(self, desired: Resource, kind: TaskKind | None = None) -> Outcome:
        """What comes of the task that the comparison asks for."""
        [found] = await self.carry_out(write_task(self.verdict(desired), SyncPolicy(options=self.options), kind))
        return found

    async def sync(self, *desired: Resource) -> list[Outcome]:
        """Apply and prune whatever the comparison says; every outcome must be a good one."""
        policy = SyncPolicy(options=self.options)
        changes = [change for change in self.compared(*desired) if change.action is not Action.NONE]
        tasks = [prune_task(one, policy) if one.action is Action.PRUNE else write_task(one, policy) for one in changes]
        outcomes = await self.carry_out(*tasks)
        assert [outcome.error for outcome in outcomes if outcome.error] == []
        return outcomes

    # What the informers do

    async def look(self, of: Resource | ResourceKey, store: Store | None = None) -> Live:
        """The object as it is, told to the store as an event of the watched version."""
        key = of.key if isinstance(of, Resource) else of
        kind = self.kind(key)
        raw = (await self.client.get(kind, key.namespace, key.name)).body
        (store or self.store).changed(kind, raw)
        live: Live = json.loads(raw)
        return live

    def restarted(self) -> "Workbench":
        """The same Application seen by an operator that knows nothing yet but the kinds."""
        bench = Workbench(self.client, self.namespace)
        bench.app, bench.rules, bench.options = self.app, self.rules, self.options
        bench.writer.catalogue = self.catalogue
        bench.store.catalogue(self.catalogue)
        return bench

    # What others do

    async def edit(self, of: Resource | ResourceKey, patch: Body, manager: str = EDITOR) -> Live:
        """A merge patch by somebody else."""
        kind, key = self.kind(of), of.key if isinstance(of, Resource) else of
        answer = await self.client.merge_patch(kind, key.namespace, key.name, patch, manager=manager)
        return await self._after(key, answer)

    async def patch(self, of: Resource, patch: Sequence[Mapping[str, Any]], manager: str = EDITOR) -> Live:
        """A JSON patch by somebody else."""
        answer = await self.client.json_patch(
            self.kind(of), of.key.namespace, of.key.name, list(patch), manager=manager, strict=False
        )
        return await self._after(of.key, answer)

    async def put(self, of: Resource, body: Body, manager: str = EDITOR, subresource: str = "") -> Live:
        """A PUT by somebody else."""
        how: dict[str, Any] = {"manager": manager, "strict": False, "subresource": subresource}
        answer = await self.client.replace(self.kind(of), of.key.namespace, of.key.name, body, **how)
        return await self._after(of.key, answer)

    async def apply_as(self, manager: str, body: Body, *, force: bool = True) -> Live:
        """A server-side apply by somebody else, in the version that the body names."""
        key = key_of({**body, "metadata": {"namespace": self.namespace, **body["metadata"]}})
        kind = self.catalogue.served[body["apiVersion"], body["kind"]]
        namespace = key.namespace if kind.namespaced else ""
        await self.client.apply(kind, namespace, key.name, body, force=force, manager=manager)
        return await self.look(key._replace(namespace=namespace))

    async def _after(self, key: ResourceKey, _: Answer) -> Live:
        return await self.look(key)


@asynccontextmanager
async def workbench(cluster: DevCluster, namespace: str, kubeconfig: str = "") -> AsyncIterator[Workbench]:
    """A workbench; as the administrator unless a kubeconfig names somebody else."""
    session = await connect(kubeconfig or str(cluster.kubeconfig))
    try:
        bench = Workbench(Client(session, "devcluster"), namespace)
        await bench.discover()
        yield bench
    finally:
        await session.close()
