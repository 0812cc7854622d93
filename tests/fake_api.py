"""A Kubernetes API server in memory: honest about versions, preconditions, ownership, finalizers and namespaces.

It stands where the connection would be: requests come as the real client builds them, answers go back as bytes. What
controllers do happens when `play` is called.
"""

import asyncio
import copy
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import aiohttp
from multidict import CIMultiDict

from gitops_operator.cluster.request import APPLY_PATCH, JSON_PATCH, Request
from gitops_operator.model.kind import Catalogue, Kind
from gitops_operator.model.resource import GroupKind, ResourceKey, key_of
from tests import fake_ownership as ownership
from tests.fake_rights import REVIEWS, Rights

Live = dict[str, Any]

_VERBS = frozenset({"create", "delete", "get", "list", "patch", "update", "watch"})
_FOREGROUND = "foregroundDeletion"
_NAMESPACE = GroupKind("", "Namespace")
_CRD = GroupKind("apiextensions.k8s.io", "CustomResourceDefinition")
_APPLICATIONS = "applications.gitops-operator.io"
_WITHOUT_GENERATION = frozenset({"ConfigMap", "Namespace", "Secret", "Service", "ServiceAccount"})


def kind(api_version: str, name: str, plural: str = "", *, namespaced: bool = True) -> Kind:
    group, _, version = api_version.rpartition("/")
    return Kind(group, version, name, plural or f"{name.lower()}s", namespaced, _VERBS)


BUILT_IN = (
    kind("v1", "Namespace", namespaced=False),
    kind("v1", "ConfigMap"),
    kind("v1", "Secret"),
    kind("v1", "Service"),
    kind("v1", "ServiceAccount"),
    kind("v1", "PersistentVolumeClaim"),
    kind("v1", "Pod"),
    kind("apps/v1", "Deployment"),
    kind("apps/v1", "ReplicaSet"),
    kind("batch/v1", "Job"),
    kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),
    kind("rbac.authorization.k8s.io/v1", "ClusterRole", namespaced=False),
    kind("autoscaling/v2", "HorizontalPodAutoscaler"),
    kind("apiextensions.k8s.io/v1", "CustomResourceDefinition", namespaced=False),
    kind("gitops-operator.io/v1alpha1", "Application"),
)


class RefusalError(Exception):
    """What the server says instead of yes; `after` says that it has acted all the same."""

    def __init__(
        self, status: int, message: str, reason: str = "", *causes: tuple[str, str, str], after: bool = False
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.reason, self.causes, self.after = status, message, reason, causes, after

    def body(self) -> bytes:
        if not self.reason:
            return self.message.encode()
        causes = [{"reason": reason, "message": message, "field": where} for reason, message, where in self.causes]
        details = {"causes": causes}
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": self.status}
        return json.dumps({**status, "reason": self.reason, "message": self.message, "details": details}).encode()


UNAVAILABLE = RefusalError(503, "the server is currently unable to handle the request", "ServiceUnavailable")


class CrashError(Exception):
    """The process dies here."""


class Sent(NamedTuple):
    """One request that the server got. `applied` is the body, where there is one."""

    verb: str
    key: ResourceKey
    dry_run: bool
    subresource: str
    code: int
    body: Any = None
    user: str = ""

    @property
    def is_review(self) -> bool:
        """Whether it only asked for rights."""
        return self.key.kind[1:] in REVIEWS

    def __str__(self) -> str:
        place = f"{self.key}/{self.subresource}" if self.subresource else str(self.key)
        return f"{'dry ' if self.dry_run else ''}{self.verb} {place}"


@dataclass
class Fault:
    """Refuses the requests that a test says, so often."""

    refusal: Exception
    matches: Callable[[Request, ResourceKey], bool]
    times: int


class Response:
    """As much of aiohttp's as the client reads."""

    def __init__(self, status: int, body: bytes, warnings: Sequence[str] = ()) -> None:
        self.status, self._body = status, body
        self.headers = CIMultiDict([("Warning", f'299 - "{text}"') for text in warnings])

    async def read(self) -> bytes:
        return self._body


@dataclass(frozen=True)
class Watched:
    """One event of a watch."""

    type: str
    kind: Kind
    raw: bytes


@dataclass
class FakeApi:
    """Implements as much of `cluster.session.Session` as the client uses."""

    now: Callable[[], datetime]
    server: str = "https://fake.example.com"
    objects: dict[ResourceKey, Live] = field(default_factory=dict)
    requests: list[Sent] = field(default_factory=list)
    kinds: dict[tuple[str, str], Kind] = field(default_factory=lambda: {(k.api_version, k.kind): k for k in BUILT_IN})
    faults: list[Fault] = field(default_factory=list)
    watchers: list[deque[Watched]] = field(default_factory=list)
    before_write: Callable[[Request, ResourceKey], None] = lambda *_: None
    admission: Callable[[Live], Live] = lambda body: body
    warnings: tuple[str, ...] = ()
    crash_at: tuple[int, bool] | None = None
    rights: Rights = field(default_factory=Rights)
    version: int = 100
    uids: int = 0

    def __post_init__(self) -> None:
        for name in ("default", "kube-system", "gitops", "web"):
            self.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        spec = {"group": "gitops-operator.io", "names": {"kind": "Application", "plural": "applications"}}
        metadata = {"name": _APPLICATIONS}
        self.put({"apiVersion": "apiextensions.k8s.io/v1", "kind": _CRD.kind, "metadata": metadata, "spec": spec})

    # --- what the operator sees ---

    @property
    def catalogue(self) -> Catalogue:
        return Catalogue({kind.group_kind: kind for kind in self.kinds.values()}, dict(self.kinds))

    def listed(self, of: Kind) -> list[bytes]:
        return [raw(body) for key, body in self.objects.items() if key.group_kind == of.group_kind]

    @asynccontextmanager
    async def open(self, request: Request, timeout: aiohttp.ClientTimeout) -> AsyncIterator[Response]:  # noqa: ASYNC109 - aiohttp's own value
        """The answer to a request."""
        await asyncio.sleep(0)
        key, subresource = self._place(request)
        number = len(self.requests)
        if self.crash_at == (number, False):
            self.crash_at = None
            raise CrashError(f"before request {number}")
        code, body = self._answer(request, key, subresource)
        self.requests.append(
            Sent(
                request.verb, key, request.dry_run, subresource, code, json.loads(request.body or b"null"), request.user
            )
        )
        if self.crash_at == (number, True):
            self.crash_at = None
            raise CrashError(f"after request {number}")
        yield Response(code, body, self.warnings if code < 300 and request.method != "GET" else ())

    def _answer(self, request: Request, key: ResourceKey, subresource: str) -> tuple[int, bytes]:
        fault = next((one for one in self.faults if one.times and one.matches(request, key)), None)
        try:
            if fault is not None:
                fault.times -= 1
                if not getattr(fault.refusal, "after", False):
                    raise fault.refusal
            code, answer = self._handle(request, key, subresource)
            if fault is not None:
                raise fault.refusal
        except RefusalError as refusal:
            return refusal.status, refusal.body()
        return code, raw(answer)

    def refuse(
        self, refusal: Exception, verb: str, name: str = "", *, times: int = 10**9, dry_run: bool = False
    ) -> Fault:
        """Answer so to requests of a verb, for an object of that name."""

        def matches(request: Request, key: ResourceKey) -> bool:
            return request.verb == verb and name in {"", key.name} and request.dry_run == dry_run

        fault = Fault(refusal, matches, times)
        self.faults.append(fault)
        return fault

    # --- what others do ---

    def get(self, key: ResourceKey) -> Live:
        return self.objects[key]

    def put(self, body: Mapping[str, Any], manager: str = "kubectl-create") -> Live:
        """Create an object."""
        return self._create(copy.deepcopy(dict(body)), manager, dry_run=False)

    def edit(self, key: ResourceKey, patch: Mapping[str, Any], manager: str = "kubectl-edit") -> Live:
        """A merge patch by somebody else."""
        before = self.objects[key]
        return self._update(before, merge(before, patch), manager)

    def apply_as(self, manager: str, body: Mapping[str, Any], *, force: bool = False) -> Live:
        """A server-side apply by somebody else."""
        return self._apply(key_of(body), dict(body), manager, force=force, dry_run=False)[1]

    def remove(self, key: ResourceKey, *, foreground: bool = False) -> None:
        """A delete by somebody else."""
        self._delete(self.objects[key], foreground=foreground)

    def vanish(self, key: ResourceKey) -> None:
        """Out of the server at once, finalizers or not."""
        self._drop(self.objects[key])

    def set_status(self, key: ResourceKey, status: Mapping[str, Any]) -> None:
        """A controller says how it is."""
        before = self.objects[key]
        self._update(before, {**before, "status": dict(status)}, "kube-controller-manager", "status")

    def serve(self, of: Kind) -> None:
        self.kinds[of.api_version, of.kind] = of

    # --- inside ---

    def _place(self, request: Request) -> tuple[ResourceKey, str]:
        parts = request.path.strip("/").split("/")
        group, version, rest = ("", parts[1], parts[2:]) if parts[0] == "api" else (parts[1], parts[2], parts[3:])
        namespace = ""
        if rest[0] == "namespaces" and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        api_version = f"{group}/{version}" if group else version
        of = next((k for k in self.kinds.values() if (k.api_version, k.plural) == (api_version, rest[0])), None)
        name = of.kind if of else f"?{rest[0]}"
        return ResourceKey(group, name, namespace, rest[1] if len(rest) > 1 else ""), rest[2] if len(rest) > 2 else ""

    def _handle(self, request: Request, key: ResourceKey, subresource: str) -> tuple[int, Live]:
        if key.kind[1:] in REVIEWS:
            body = json.loads(request.body)
            return 201, {**body, "status": self.rights.review(request.user, key.kind[1:], body["spec"])}
        if key.kind.startswith("?"):
            raise RefusalError(404, "404 page not found")
        place = (key.namespace, key.name)
        refused = self.rights.refused(request, request.resource, place, is_new=key not in self.objects)
        if refused:
            raise RefusalError(403, refused, "Forbidden")
        return self._done(request, key, subresource)

    def _done(self, request: Request, key: ResourceKey, subresource: str) -> tuple[int, Live]:
        if request.method == "GET":
            return 200, self._found(key)
        query, body = dict(request.query), json.loads(request.body)
        if not request.dry_run:
            self.before_write(request, key)
        manager = query.get("fieldManager", "unknown")
        if request.method == "DELETE":
            return 200, self._found(key) if request.dry_run else self._deleted(key, body)
        if request.method == "POST":
            return 201, self._create(body, manager, dry_run=request.dry_run)
        if request.content_type == APPLY_PATCH:
            force = query.get("force") == "true"
            return self._apply(key, body, manager, force=force, dry_run=request.dry_run)
        live = self._found(key)
        after = _patched(request, live, body)
        return 200, self._update(live, after, manager, subresource, dry_run=request.dry_run)

    def _found(self, key: ResourceKey) -> Live:
        if key not in self.objects:
            raise RefusalError(404, f'{key.kind.lower()}s "{key.name}" not found', "NotFound")
        return self.objects[key]

    def _apply(self, key: ResourceKey, config: Live, manager: str, *, force: bool, dry_run: bool) -> tuple[int, Live]:
        config = self.admission(config)
        live = self.objects.get(key)
        is_new = live is None
        if live is None:
            self._check_namespace(key)
            names = {"name": key.name} | ({"namespace": key.namespace} if key.namespace else {})
            live = {"apiVersion": config["apiVersion"], "kind": config["kind"], "metadata": names}
        else:
            _check_version(live, config)
        try:
            after = ownership.apply(live, config, manager, self._stamp(), force=force)
        except ownership.FieldConflictError as error:
            causes = [("FieldManagerConflict", f'conflict with "{who}"', where) for who, where in error.fields]
            raise RefusalError(409, f"Apply failed with {len(causes)} conflict", "Conflict", *causes) from None
        if is_new:
            return 201, self._store(self._born(after), "ADDED", dry_run=dry_run)
        return 200, self._changed(live, after, dry_run=dry_run)

    def _create(self, body: Live, manager: str, *, dry_run: bool) -> Live:
        metadata = body["metadata"]
        if "name" not in metadata:
            metadata["name"] = f"{metadata['generateName']}{self.uids:05x}"
        key = key_of(body)
        if key in self.objects:
            raise RefusalError(409, f'{key.kind.lower()}s "{key.name}" already exists', "AlreadyExists")
        self._check_namespace(key)
        after = ownership.written({"metadata": {}}, body, manager, self._stamp())
        return self._store(self._born(after), "ADDED", dry_run=dry_run)

    def _born(self, body: Live) -> Live:
        of = self.kinds[body["apiVersion"], body["kind"]]
        generation = {} if of.kind in _WITHOUT_GENERATION else {"generation": 1}
        born = {"uid": f"uid-{self.uids + 1}", "creationTimestamp": self._stamp(), **generation}
        status = {"status": {"phase": "Active"}} if of.group_kind == _NAMESPACE else {}
        return {**body, "metadata": {**body["metadata"], **born}, **status}

    def _update(self, before: Live, after: Live, manager: str, subresource: str = "", *, dry_run: bool = False) -> Live:
        _check_version(before, after)
        if subresource:
            after = {**before, "status": after.get("status", {})}
        else:
            after = {name: value for name, value in after.items() if name != "status"}
            after |= {"status": before["status"]} if "status" in before else {}
        after["metadata"] = {**after["metadata"], "resourceVersion": before["metadata"]["resourceVersion"]}
        if after == before:
            return before
        now = self._stamp()
        after = (
            ownership.written_status(after, manager, now)
            if subresource
            else ownership.written(before, after, manager, now)
        )
        return self._changed(before, after, dry_run=dry_run)

    def _changed(self, before: Live, after: Live, *, dry_run: bool) -> Live:
        if after == before:
            return before
        if _spec(after) != _spec(before) and "generation" in before["metadata"]:
            generation = before["metadata"]["generation"] + 1
            after = {**after, "metadata": {**after["metadata"], "generation": generation}}
        if after["metadata"].get("deletionTimestamp") and not after["metadata"].get("finalizers"):
            return after if dry_run else self._drop(after)
        return self._store(after, "MODIFIED", dry_run=dry_run)

    def _store(self, body: Live, event: str, *, dry_run: bool = False) -> Live:
        if dry_run:
            version = body["metadata"].get("resourceVersion", "")
            return {**body, "metadata": {**body["metadata"], **({"resourceVersion": version} if version else {})}}
        self.version += 1
        self.uids += event == "ADDED"
        body = {**body, "metadata": {**body["metadata"], "resourceVersion": str(self.version)}}
        self.objects[key_of(body)] = body
        self._tell(event, body)
        return body

    def _drop(self, body: Live) -> Live:
        self.version += 1
        body = {**body, "metadata": {**body["metadata"], "resourceVersion": str(self.version)}}
        del self.objects[key_of(body)]
        self._tell("DELETED", body)
        if key_of(body).group_kind == _CRD:
            names, group = body["spec"]["names"], body["spec"]["group"]
            for place in [place for place, k in self.kinds.items() if k.group_kind == (group, names["kind"])]:
                del self.kinds[place]
        return body

    def _deleted(self, key: ResourceKey, options: Live) -> Live:
        live = self._found(key)
        for name, value in (options.get("preconditions") or {}).items():
            if live["metadata"][name] != value:
                raise RefusalError(409, f"Precondition failed: {name} in precondition: {value}", "Conflict")
        foreground = options.get("propagationPolicy") == "Foreground"
        if self._delete(live, foreground=foreground):
            return self.objects[key]
        details = {"uid": live["metadata"]["uid"], "name": key.name}
        return {"kind": "Status", "apiVersion": "v1", "status": "Success", "details": details}

    def _delete(self, live: Live, *, foreground: bool) -> bool:
        """Whether the object is still there, going."""
        metadata = live["metadata"]
        finalizers = [*metadata.get("finalizers", ()), *([_FOREGROUND] if foreground else ())]
        group_kind = key_of(live).group_kind
        if group_kind in {_NAMESPACE, _CRD}:
            finalizers = [*finalizers, "kubernetes"]
        if metadata.get("deletionTimestamp"):
            return True
        if not finalizers:
            self._drop(live)
            return False
        gone = {**metadata, "deletionTimestamp": self._stamp(), "finalizers": list(dict.fromkeys(finalizers))}
        body = {**live, "metadata": gone}
        if group_kind == _NAMESPACE:
            body["status"] = {"phase": "Terminating"}
        self._store(body, "MODIFIED")
        return True

    def _check_namespace(self, key: ResourceKey) -> None:
        if not key.namespace:
            return
        namespace = self.objects.get(ResourceKey("", "Namespace", "", key.namespace))
        if namespace is None:
            raise RefusalError(404, f'namespaces "{key.namespace}" not found', "NotFound")
        if namespace["metadata"].get("deletionTimestamp"):
            message = f"unable to create new content in namespace {key.namespace} because it is being terminated"
            cause = ("NamespaceTerminating", f"namespace {key.namespace} is being terminated", "metadata.namespace")
            raise RefusalError(403, message, "Forbidden", cause)

    def _tell(self, event: str, body: Live) -> None:
        of = self.kinds.get((body["apiVersion"], body["kind"]))
        if of is not None:
            for watcher in self.watchers:
                watcher.append(Watched(event, of, raw(body)))

    def _stamp(self) -> str:
        return self.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    # --- controllers ---

    def play(self, controllers: Iterable[str]) -> None:
        """Let controllers do all that they have to do now."""
        names = set(controllers)
        while any(self._acted(body, names) for body in list(self.objects.values())):
            continue

    def _acted(self, body: Live, controllers: set[str]) -> bool:
        key = key_of(body)
        if self.objects.get(key) is not body:
            return False
        if body["metadata"].get("deletionTimestamp"):
            return self._collected(key, body, controllers)
        if key.kind not in controllers or key.kind not in _CONTROLLERS:
            return False
        status = _CONTROLLERS[key.kind](body)
        if status is None or body.get("status") == status:
            return False
        self.set_status(key, status)
        if key.group_kind == _CRD:
            self._establish(body)
        return True

    def _establish(self, crd: Live) -> None:
        spec = crd["spec"]
        for version in spec.get("versions", ()):
            name, plural = spec["names"]["kind"], spec["names"]["plural"]
            namespaced = spec.get("scope", "Namespaced") == "Namespaced"
            self.serve(kind(f"{spec['group']}/{version['name']}", name, plural, namespaced=namespaced))

    def _collected(self, key: ResourceKey, body: Live, controllers: set[str]) -> bool:
        """Garbage collection, and the ends of namespaces and CRDs."""
        if "garbage" not in controllers:
            return False
        inside = list(self._inside(body))
        for child in inside:
            if not child["metadata"].get("deletionTimestamp"):
                self._delete(child, foreground=False)
                return True
        if inside:
            return False
        mine = [name for name in body["metadata"].get("finalizers", ()) if name in {_FOREGROUND, "kubernetes"}]
        if not mine:
            return False
        rest = [name for name in body["metadata"]["finalizers"] if name not in mine]
        self._changed(body, {**body, "metadata": {**body["metadata"], "finalizers": rest}}, dry_run=False)
        return True

    def _inside(self, body: Live) -> Iterator[Live]:
        """What goes with an object."""
        key, spec = key_of(body), body.get("spec") or {}
        defined = (spec["group"], spec["names"]["kind"]) if key.group_kind == _CRD else None
        name = key.name if key.group_kind == _NAMESPACE else None
        for other, child in self.objects.items():
            owners = [owner["uid"] for owner in child["metadata"].get("ownerReferences", ())]
            if body["metadata"]["uid"] in owners or other.namespace == name or other.group_kind == defined:
                yield child


def _rolled_out(body: Live) -> Live | None:
    replicas = body["spec"].get("replicas", 1)
    counts = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas", "readyReplicas"), replicas)
    return {"observedGeneration": body["metadata"]["generation"], **counts}


def _completed(body: Live) -> Live | None:
    return {"conditions": [{"type": "Complete", "status": "True"}]}


def _established(body: Live) -> Live | None:
    return {"conditions": [{"type": "Established", "status": "True"}]}


_CONTROLLERS: dict[str, Callable[[Live], Live | None]] = {
    "Deployment": _rolled_out,
    "Job": _completed,
    "CustomResourceDefinition": _established,
}
EVERYBODY = frozenset({*_CONTROLLERS, "garbage"})


def raw(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":"), sort_keys=True).encode()


def _spec(body: Live) -> Live:
    return {name: value for name, value in body.items() if name not in {"metadata", "status"}}


def _check_version(live: Live, body: Mapping[str, Any]) -> None:
    metadata = body["metadata"]
    if metadata.get("resourceVersion") not in {None, live["metadata"]["resourceVersion"]}:
        raise RefusalError(
            409, "the object has been modified; please apply your changes to the latest version", "Conflict"
        )
    if metadata.get("uid") not in {None, live["metadata"]["uid"]}:
        raise RefusalError(422, "uid mismatch", "Invalid", ("FieldValueInvalid", "field is immutable", "metadata.uid"))


def _patched(request: Request, live: Live, body: Any) -> Live:
    if request.method == "PUT":
        return {**body, "metadata": {**live["metadata"], **body["metadata"]}}
    return json_patched(live, body) if request.content_type == JSON_PATCH else merge(live, body)


def merge(live: Any, patch: Any) -> Any:
    """A JSON merge patch."""
    if not isinstance(patch, Mapping):
        return copy.deepcopy(patch)
    merged = dict(live) if isinstance(live, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


def json_patched(live: Live, patch: Sequence[Mapping[str, Any]]) -> Live:
    """A JSON patch; places are keys of maps only."""
    body = live
    for step in patch:
        body = _stepped(body, step["path"].strip("/").split("/"), step)
    return body


def _stepped(value: Live, path: Sequence[str], step: Mapping[str, Any]) -> Live:
    first, *rest = path
    if rest:
        return {**value, first: _stepped(value[first], rest, step)}
    if step["op"] == "test" and value.get(first) != step["value"]:
        raise RefusalError(422, f"testing value {step['path']} failed", "Invalid")
    if step["op"] == "remove":
        return {name: item for name, item in value.items() if name != first}
    return value if step["op"] == "test" else {**value, first: step["value"]}
