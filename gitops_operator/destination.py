"""One destination cluster as the line sees it: its cache, and the fenced writes to the Applications themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from gitops_operator.cluster.answer import Answer
from gitops_operator.cluster.client import Client
from gitops_operator.errors import ClusterError, SpecError
from gitops_operator.live import Moves, Store
from gitops_operator.live.sighting import Sighting
from gitops_operator.model.account import account_of, user_of
from gitops_operator.model.application import APPLICATION, REFRESH, Application, ApplicationKey
from gitops_operator.model.change import Change
from gitops_operator.model.dependencies import circle, reached
from gitops_operator.model.kind import Catalogue, Kind, KindState, KindStatus
from gitops_operator.model.live import LiveObject, Snapshot
from gitops_operator.model.parsing import parse_application
from gitops_operator.model.resource import Body, GroupKind, ResourceKey
from gitops_operator.model.step import Outcome, Result
from gitops_operator.plan import Remains
from gitops_operator.ports import LensOf, Moved
from gitops_operator.writes import LeadershipLostError, Writes

# Not the field manager of applies: an Application may itself be applied by another one, and is not co-owned then.
STATUS_MANAGER = "gitops-operator-status"
_CRD = ResourceKey("apiextensions.k8s.io", "CustomResourceDefinition", "", "applications.gitops-operator.io")
_NOT_SERVED = "The operator does not act on Applications of namespace"
_ACCOUNTLESS = (
    "An Application outside the operator's namespace writes in the name of a service account: name one of its "
    "namespace in spec.serviceAccountName."
)
_OWN_LABEL = ("app.kubernetes.io/name", "gitops-operator")  # as deploy/ sets it


class Rules(NamedTuple):
    """What an installation lays down for a cluster: the operator's own namespace, and whose Applications it serves.

    Those of other namespaces write as `default_account` where they name none; `prunes_without_account` lets the
    operator use its own rights for the deletion of an Application whose account is gone.
    """

    installation: str
    namespace: str
    serves: Callable[[str], bool]
    default_account: str = ""
    prunes_without_account: bool = False


class Destination:
    """Implements `ports.Cluster`."""

    def __init__(
        self,
        client: Client,
        store: Store,
        rules: Rules,
        *,
        may_write: Callable[[], bool],
        moved: Callable[[Moves], None],
    ) -> None:
        self.installation = rules.installation
        self._writes = Writes(client, store, may_write=may_write, moved=moved)
        self._client, self._store, self._rules = client, store, rules
        self._may_write, self._moved = may_write, moved
        self._parsed: dict[ApplicationKey, tuple[str, Application | None]] = {}

    # --- what the cache says ---

    @property
    def catalogue(self) -> Catalogue:
        return self._store.discovered

    def application(self, key: ApplicationKey) -> Application | None:
        live = self._store.get(_key_of(key))
        if live is None or live.body is None:
            self._parsed.pop(key, None)
            return None
        version, application = self._parsed.get(key, ("", None))
        if application is None or version != live.resource_version or application.uid != live.uid:
            application = self._served(self._with_account(parse_application(live.body.load())))
            self._parsed[key] = (live.resource_version, application)
        return self._dependable(application) if application is not None and application.depends_on else application

    def _dependable(self, application: Application) -> Application:
        """With the problems of what it depends on, which come and go with other Applications."""
        problems = [
            f"spec.dependsOn: {key}: {_NOT_SERVED} {key.namespace}; depend on Applications of served namespaces only"
            for key in application.depends_on
            if not self._rules.serves(key.namespace)
        ]
        way = circle(application.key, self._store.dependencies.of)
        if way:
            problems.append(f"spec.dependsOn: these Applications wait for each other: {' → '.join(map(str, way))}")
        above = self.above(application.key) & {*reached(application.key, self._store.dependencies.of)}
        if above and not way:
            names = ", ".join(map(str, sorted(above)))
            problems.append(f"spec.dependsOn: {names} contains this Application, and is not Ready before it is")
        return replace(application, problems=(*application.problems, *problems)) if problems else application

    def _served(self, application: Application) -> Application | None:
        """An Application of a namespace that is not ours is told so once, unless another operator takes care of it."""
        namespace = application.key.namespace
        if self._rules.serves(namespace):
            is_lost = self._is_accountless(application) and not application.is_going
            return replace(application, problems=(*application.problems, _ACCOUNTLESS)) if is_lost else application
        if application.is_going or _is_cared_for(application):
            return None
        problem = (
            f"{_NOT_SERVED} {namespace}: move the Application to "
            f"{self._rules.namespace}, or add the namespace to the setting application-namespaces."
        )
        return replace(application, problems=(problem,))

    def _with_account(self, application: Application) -> Application:
        is_ours = application.key.namespace == self._rules.namespace
        if is_ours or application.service_account_name:
            return application
        return replace(application, service_account_name=self._rules.default_account)

    def _is_accountless(self, application: Application) -> bool:
        """Whether nobody has said in whose name it writes."""
        return application.key.namespace != self._rules.namespace and not application.service_account_name

    def writer(self, application: Application) -> Writes:
        if application.is_going and self._rules.prunes_without_account and self._account_trouble(application):
            return self._writes
        if self._is_accountless(application):
            raise SpecError(_ACCOUNTLESS)
        return self._writes.in_name_of(user_of(application))

    def _account_trouble(self, application: Application) -> str:
        """Why there is nobody in whose name anything could be written; "" where there is."""
        account = account_of(application)
        if account is None:
            return _ACCOUNTLESS if self._is_accountless(application) else ""
        is_known = self._store.kind_status(account.group_kind).state is KindState.READY
        return f"{account} does not exist" if is_known and self._store.get(account) is None else ""

    def is_gone(self, key: ApplicationKey) -> bool:
        is_known = self._store.kind_status(APPLICATION).state is KindState.READY
        return is_known and self._store.get(_key_of(key)) is None

    def version(self, key: ApplicationKey) -> int:
        return self._store.version(key)

    def follow(self, key: ApplicationKey, desired: frozenset[ResourceKey], rules: LensOf, moved: Moved) -> None:
        self._store.watch_keys(key, desired)
        self._store.exclude(key, rules, moved)

    def snapshot(self, key: ApplicationKey, desired: Iterable[ResourceKey]) -> Snapshot:
        return self._store.snapshot(key, desired)

    def below(self, key: ResourceKey) -> Iterable[LiveObject]:
        return self._store.descendants(key)

    def inside(self, namespace: str) -> Iterable[LiveObject]:
        return self._store.in_namespace(namespace)

    def above(self, key: ApplicationKey) -> frozenset[ApplicationKey]:
        found: set[ApplicationKey] = set()
        live = self._store.get(_key_of(key))
        while live is not None and live.tracking is not None and live.tracking.application not in found:
            found.add(live.tracking.application)
            live = self._store.get(_key_of(live.tracking.application))
        return frozenset(found)

    def tell_dependents(self, key: ApplicationKey) -> None:
        self._moved(self._store.tell_dependents(key))

    def settle(self, outcomes: Iterable[Outcome], before: Iterable[Change]) -> None:
        owned = {change.key: change.live.ownership for change in before if change.live is not None}
        for outcome in outcomes:
            if outcome.result is Result.VERIFIED:
                self._store.verified(outcome.key, owned.get(outcome.key, ""))
            elif outcome.result is Result.DIFFERS:
                self._store.refuted(outcome.key, owned.get(outcome.key, ""))

    async def remains(self, application: Application) -> Remains:
        uninstalling = await self._is_uninstalling()
        objects = tuple(self._store.tracked_by(application.key))
        return Remains(
            objects=objects,
            kinds=self._kinds_to_know(application),
            uninstalling=uninstalling,
            protected=frozenset(item.key for item in objects if self._is_our_own(item)),
            dependents=self._dependents(application.key),
            nobody="" if self._rules.prunes_without_account else self._account_trouble(application),
        )

    def _dependents(self, key: ApplicationKey) -> tuple[ApplicationKey, ...]:
        """The Applications that go before this one; in a circle nobody can be first."""
        edges = self._store.dependencies
        below = {key, *reached(key, edges.of)}
        return tuple(one for one in edges.dependents_of(key) if one not in below and self._rules.serves(one.namespace))

    async def _is_uninstalling(self) -> bool:
        """Whether our CRD goes. The server is asked: the cache may hear of the Applications' deletion first."""
        kind = self._store.discovered.preferred.get(_CRD.group_kind)
        if kind is None:
            raise ClusterError("the cluster does not say yet whether the CRD of Applications is there", status=503)
        try:
            answer = await self._client.get(kind, _CRD.namespace, _CRD.name)
        except ClusterError as error:
            if error.status != 404:
                raise
            return True
        return Sighting(kind, answer.body).metadata.deletion_timestamp is not None

    def _kinds_to_know(self, application: Application) -> Mapping[GroupKind, KindStatus]:
        """Kinds whose objects may be the Application's though the cache shows none: those that status names, and every
        kind that is being listed; every broken one, too, where status could not name them all.
        """
        listed = application.status.get("resources") or ()
        counted = (application.status.get("resourceCounts") or {}).get("total", 0)
        named = {GroupKind(item.get("group", ""), item["kind"]) for item in listed}
        return {
            kind: status
            for kind, status in self._store.kind_statuses().items()
            if kind in named or status.state is KindState.CATCHING_UP or counted > len(listed)
        }

    def _is_our_own(self, item: LiveObject) -> bool:
        if item.key == ResourceKey("", "Namespace", "", self._rules.namespace):
            return True
        labels = item.body.load()["metadata"].get("labels") or {} if item.body is not None else {}
        return _OWN_LABEL in labels.items()

    def forget(self, key: ApplicationKey) -> None:
        self._parsed.pop(key, None)
        self._store.forget(key)

    # --- what is written to the Applications themselves ---

    async def write_status(self, application: Application, status: Mapping[str, object]) -> str:
        kind, place = self._fenced(), application.key
        patch: list[dict[str, Any]] = [
            {"op": "replace", "path": "/metadata/resourceVersion", "value": application.resource_version},
            {"op": "add", "path": "/status", "value": status},
        ]
        answer = await self._client.json_patch(kind, *place, patch, subresource="status", manager=STATUS_MANAGER)
        self._record(kind, answer)
        live = self._store.get(_key_of(application.key))
        return live.resource_version if live is not None else ""

    async def set_finalizers(self, application: Application, finalizers: Sequence[str]) -> None:
        await self._patch(application, {"metadata": {"finalizers": list(finalizers)}})

    async def clear_refresh(self, application: Application) -> None:
        await self._patch(application, {"metadata": {"annotations": {REFRESH: None}}})

    async def clear(self, application: Application, patch: Body) -> None:
        await self._patch(application, patch)

    async def _patch(self, application: Application, patch: Body) -> None:
        kind = self._fenced()
        metadata = {**patch.get("metadata", {}), "resourceVersion": application.resource_version}
        fenced = {**patch, "metadata": metadata}
        self._record(kind, await self._client.merge_patch(kind, *application.key, fenced, manager=STATUS_MANAGER))

    def _record(self, kind: Kind, answer: Answer) -> None:
        self._moved(self._store.applied(kind, answer.body, baseline=False))

    def _fenced(self) -> Kind:
        if not self._may_write():
            raise LeadershipLostError
        kind = self._store.discovered.preferred.get(APPLICATION)
        if kind is None:
            raise ClusterError("the cluster does not serve Applications any more", status=404)
        return kind


def _is_cared_for(application: Application) -> bool:
    """Whether somebody has seen the newest spec and does not say that nobody acts on it."""
    conditions = application.status.get("conditions") or ()
    is_observed = application.status.get("observedGeneration") == application.generation
    return is_observed and not any(one.get("message", "").startswith(_NOT_SERVED) for one in conditions)


def _key_of(key: ApplicationKey) -> ResourceKey:
    return ResourceKey(*APPLICATION, *key)
