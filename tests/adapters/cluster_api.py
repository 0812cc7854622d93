"""A small API server that plays bad days: expired history, half lines, silence, refusals, missing features."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from gitops_operator.cluster.client import Client, Observer
from gitops_operator.cluster.session import Session, connect
from gitops_operator.model.kind import Kind

CONFIG_MAP = Kind("", "v1", "ConfigMap", "configmaps", namespaced=True)
WIDGET = Kind("example.com", "v1", "Widget", "widgets", namespaced=True)
CRD = Kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False)

Body = dict[str, Any]
Answer = tuple[int, str, str]
"""Status, content type, body."""


def status(code: int, reason: str, message: str, **more: Any) -> Answer:
    said = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason}
    return code, "application/json", json.dumps({**said, "message": message, **more})


def text(code: int, said: str) -> Answer:
    return code, "text/plain", said


GONE = status(410, "Expired", "too old resource version")


class FakeApi:
    """Its switches are its attributes; a refusal is looked up by (verb, plural) and stays until it is taken out."""

    def __init__(self) -> None:
        self.kinds: list[Kind] = [CONFIG_MAP]
        self.stale: set[str] = set()
        self.aggregates = True
        self.streams_lists = "yes"  # or "refused", "ignored"
        self.compacted = 0
        self.compacted_in_stream = True
        self.refusals: dict[tuple[str, str], Answer] = {}
        self.once: list[tuple[tuple[str, str], Answer]] = []
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.headers: dict[str, str] = {}
        self.on_write: Callable[[str, str, Body], Answer] | None = None
        self._revision = 100
        self._objects: dict[str, dict[str, Body]] = {}
        self._log: list[tuple[int, str, bytes]] = []
        self._watchers: list[tuple[str, asyncio.Queue[bytes | None]]] = []

    # What the cluster does

    def put(self, kind: Kind, name: str, namespace: str = "default", **more: Any) -> None:
        known = self._objects.setdefault(kind.plural, {})
        word = "MODIFIED" if name in known else "ADDED"
        metadata = {"name": name, "uid": f"uid-{name}", "resourceVersion": self._next()}
        if kind.namespaced:
            metadata["namespace"] = namespace
        known[name] = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **more}
        self._emit(kind.plural, word, known[name])

    def remove(self, kind: Kind, name: str) -> None:
        body = self._objects[kind.plural].pop(name)
        body["metadata"]["resourceVersion"] = self._next()
        self._emit(kind.plural, "DELETED", body)

    def bookmark(self, kind: Kind) -> None:
        self._next()
        self.say(kind, line("BOOKMARK", self._bookmark(kind)))

    def compact(self) -> None:
        """Forget all history: only the newest resourceVersion can be resumed from."""
        self._next()
        self.compacted = self._revision
        self._log.clear()

    def say(self, kind: Kind, raw: bytes) -> None:
        """Put bytes onto the open watches of a kind."""
        for plural, queue in self._watchers:
            if plural == kind.plural:
                queue.put_nowait(raw)

    def drop(self, kind: Kind | None = None) -> None:
        """Cut connections of watches."""
        for plural, queue in self._watchers:
            if kind is None or plural == kind.plural:
                queue.put_nowait(None)

    def watches(self, kind: Kind) -> int:
        return sum(plural == kind.plural for plural, _ in self._watchers)

    def asked(self, verb: str, plural: str) -> list[dict[str, str]]:
        return [query for one, name, query in self.requests if (one, name) == (verb, plural)]

    # How it answers

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.headers = dict(request.headers)
        if request.method == "GET" and request.path in {"/api", "/apis"}:
            return self._discovery(request)
        group, version, plural, name = _parsed(request.path)
        verb = _verb(request, name)
        self.requests.append((verb, plural or "discovery", dict(request.query)))
        if answer := self._refusal(verb, plural):
            return response(answer)
        if not plural:
            return self._resources(group, version)
        kind = next((kind for kind in self.kinds if (kind.group, kind.plural) == (group, plural)), None)
        if kind is None:
            return response(text(404, "404 page not found\n"))
        if verb == "watch":
            return await self._watch(request, kind)
        if verb == "list":
            return self._list(request, kind)
        return await self._object(request, kind, name)

    def _refusal(self, verb: str, plural: str) -> Answer | None:
        for index, (key, answer) in enumerate(self.once):
            if key == (verb, plural):
                del self.once[index]
                return answer
        return self.refusals.get((verb, plural))

    async def _object(self, request: web.Request, kind: Kind, name: str) -> web.StreamResponse:
        if request.method == "GET":
            body = self._objects.get(kind.plural, {}).get(name)
            missing = status(404, "NotFound", f'{kind.plural} "{name}" not found')
            return web.json_response(body) if body else response(missing)
        assert self.on_write
        raw = await request.read()
        return response(self.on_write(request.method, name, json.loads(raw) if raw else {}))

    def _list(self, request: web.Request, kind: Kind) -> web.Response:
        bodies = [body for _, body in sorted(self._objects.get(kind.plural, {}).items())]
        namespace = _namespace(request.path)
        bodies = [body for body in bodies if namespace in {"", body["metadata"].get("namespace")}]
        start, limit = int(request.query.get("continue", "0")), int(request.query.get("limit", "0")) or len(bodies)
        rest = "" if start + limit >= len(bodies) else str(start + limit)
        items = [{key: value for key, value in body.items() if key not in {"apiVersion", "kind"}} for body in bodies]
        metadata = {"resourceVersion": str(self._revision), "continue": rest}
        return web.json_response({"kind": "List", "metadata": metadata, "items": items[start : start + limit]})

    async def _watch(self, request: web.Request, kind: Kind) -> web.StreamResponse:
        since = int(request.query.get("resourceVersion", "0"))
        wants_list = "sendInitialEvents" in request.query
        if wants_list and self.streams_lists == "refused":
            return response(status(422, "Invalid", "sendInitialEvents is forbidden"))
        if since and since < self.compacted and not self.compacted_in_stream:
            return response(GONE)
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        if since and since < self.compacted:
            queue.put_nowait(line("ERROR", json.loads(GONE[2])))
        for raw in self._first(request, kind, since, wants_list):
            queue.put_nowait(raw)
        return await self._pump(request, kind, queue)

    def _first(self, request: web.Request, kind: Kind, since: int, wants_list: bool) -> Iterator[bytes]:
        if since:
            yield from (raw for revision, plural, raw in self._log if plural == kind.plural and revision > since)
            return
        namespace = _namespace(request.path)
        for body in self._objects.get(kind.plural, {}).values():
            if namespace in {"", body["metadata"].get("namespace")}:
                yield line("ADDED", body)
        if wants_list and self.streams_lists == "yes":
            bookmark = self._bookmark(kind)
            bookmark["metadata"]["annotations"] = {"k8s.io/initial-events-end": "true"}
            yield line("BOOKMARK", bookmark)

    async def _pump(self, request: web.Request, kind: Kind, queue: asyncio.Queue[bytes | None]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        watcher = (kind.plural, queue)
        self._watchers.append(watcher)
        try:
            await response.prepare(request)
            while (raw := await queue.get()) is not None:
                await response.write(raw)
            if request.transport:
                request.transport.abort()
        finally:
            self._watchers.remove(watcher)
        return response

    def _discovery(self, request: web.Request) -> web.Response:
        core = request.path == "/api"
        kinds = [kind for kind in self.kinds if (not kind.group) == core]
        if self.aggregates and "apidiscovery" in request.headers.get("Accept", ""):
            body = {"kind": "APIGroupDiscoveryList", "items": list(self._groups(kinds))}
            etag = f'"{hash(json.dumps(body))}"'
            self.requests.append(("discovery", request.path, {}))
            if request.headers.get("If-None-Match") == etag:
                return web.Response(status=304)
            return web.json_response(body, headers={"ETag": etag})
        if core:
            return web.json_response({"kind": "APIVersions", "versions": ["v1"]})
        return web.json_response({"kind": "APIGroupList", "groups": list(_legacy_groups(kinds))})

    def _groups(self, kinds: list[Kind]) -> Iterator[Body]:
        for group in sorted({kind.group for kind in kinds}):
            versions = dict.fromkeys(kind.version for kind in kinds if kind.group == group)
            freshness = "Stale" if group in self.stale else "Current"
            yield {
                "metadata": {"name": group},
                "versions": [
                    {
                        "version": version,
                        "freshness": freshness,
                        "resources": [
                            _resource(kind) for kind in kinds if (kind.group, kind.version) == (group, version)
                        ],
                    }
                    for version in versions
                ],
            }

    def _resources(self, group: str, version: str) -> web.Response:
        found = [kind for kind in self.kinds if (kind.group, kind.version) == (group, version)]
        resources = [
            {
                "name": kind.plural,
                "singularName": kind.kind.lower(),
                "kind": kind.kind,
                "namespaced": kind.namespaced,
                "verbs": ["get", "list", "watch"],
            }
            for kind in found
        ]
        return web.json_response({"kind": "APIResourceList", "resources": resources})

    def _bookmark(self, kind: Kind) -> Body:
        metadata: Body = {"resourceVersion": str(self._revision)}
        return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}

    def _emit(self, plural: str, word: str, body: Body) -> None:
        raw = line(word, body)
        self._log.append((self._revision, plural, raw))
        for name, queue in self._watchers:
            if name == plural:
                queue.put_nowait(raw)

    def _next(self) -> str:
        self._revision += 1
        return str(self._revision)


def line(word: str, body: Body) -> bytes:
    return json.dumps({"type": word, "object": body}).encode() + b"\n"


@asynccontextmanager
async def serving(api: FakeApi) -> AsyncIterator[str]:
    """Serve it on loopback; its address."""
    app = web.Application(client_max_size=2**23)
    app.router.add_route("*", "/{path:.*}", api.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield str(runner.addresses[0][0]) + ":" + str(runner.addresses[0][1])
    finally:
        api.drop()
        await runner.cleanup()


@asynccontextmanager
async def connected(
    address: str, folder: Path, observer: Observer | None = None, *, patience: float = 5.0
) -> AsyncIterator[Client]:
    """A client of a server that speaks plain HTTP."""
    session = await session_with(address, folder)
    try:
        yield Client(session, "fake", observer, timeout=patience)
    finally:
        await session.close()


async def session_with(address: str, folder: Path, user: Body | None = None, cluster: Body | None = None) -> Session:
    config = {
        "current-context": "it",
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "me"}}],
        "clusters": [{"name": "it", "cluster": {"server": f"http://{address}", **(cluster or {})}}],
        "users": [{"name": "me", "user": user or {}}],
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps(config))
    return await connect(str(path))


def _legacy_groups(kinds: list[Kind]) -> Iterator[Body]:
    for group in sorted({kind.group for kind in kinds}):
        names = dict.fromkeys(kind.version for kind in kinds if kind.group == group)
        versions = [{"groupVersion": f"{group}/{name}", "version": name} for name in names]
        yield {"name": group, "versions": versions, "preferredVersion": versions[0]}


def _resource(kind: Kind) -> Body:
    return {
        "resource": kind.plural,
        "responseKind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "verbs": sorted(kind.verbs) or ["get", "list", "watch"],
        "subresources": [{"subresource": "status", "verbs": ["get"]}],
    }


def response(answer: Answer) -> web.Response:
    code, content_type, body = answer
    return web.Response(status=code, content_type=content_type, text=body)


def _verb(request: web.Request, name: str) -> str:
    if request.method != "GET":
        return request.method
    if name:
        return "get"
    return "watch" if "watch" in request.query else "list"


def _parsed(path: str) -> tuple[str, str, str, str]:
    """Group, version, plural and name."""
    parts = path.strip("/").split("/")
    group, version, *rest = parts[1:] if parts[0] == "apis" else ["", *parts[1:]]
    if rest[:1] == ["namespaces"] and len(rest) > 2:
        rest = rest[2:]
    plural, name, *_ = [*rest, "", ""]
    return group, version, plural, name


def _namespace(path: str) -> str:
    return path.partition("/namespaces/")[2].partition("/")[0]
