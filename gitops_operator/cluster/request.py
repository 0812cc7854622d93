"""One request to the Kubernetes API as data; building it sends nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Required, TypedDict
from urllib.parse import quote, urlencode

import msgspec

from gitops_operator.model.kind import Kind
from gitops_operator.model.resource import FIELD_MANAGER

JSON = "application/json"
APPLY_PATCH = "application/apply-patch+yaml"  # JSON is YAML
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"

Payload = bytes | Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Request(NamedTuple):
    """What to send. `verb` and `resource` are RBAC's words: they go into metrics, not onto the wire.

    `user` is in whose name it is sent; "" in our own.
    """

    verb: str
    resource: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    content_type: str = ""
    accept: str = JSON
    etag: str = ""
    user: str = ""

    @property
    def target(self) -> str:
        """Path and query as they stand in the request line."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    @property
    def dry_run(self) -> bool:
        """Whether the server will only pretend."""
        return ("dryRun", "All") in self.query


class WriteOptions(TypedDict, total=False):
    """How to write: `strict` refuses unknown and duplicate fields instead of dropping them."""

    dry_run: bool
    strict: bool
    manager: str


class ApplyOptions(WriteOptions, total=False):
    """How to apply: with `force`, fields of other managers are taken over."""

    force: Required[bool]


class PatchOptions(WriteOptions, total=False):
    """How to patch or replace: an object, or its `subresource` (status, scale)."""

    subresource: str


class DeleteOptions(TypedDict, total=False):
    """What to delete exactly; "" leaves a precondition out or the propagation to the server."""

    uid: Required[str]
    resource_version: str
    propagation: str
    dry_run: bool


def get(kind: Kind, namespace: str, name: str) -> Request:
    return Request("get", _resource(kind), "GET", path_of(kind, namespace, name))


def get_path(path: str, *, accept: str = JSON, etag: str = "") -> Request:
    """A GET of anything that is not an object: discovery, OpenAPI, /version."""
    return Request("get", path.split("/")[1], "GET", path, accept=accept, etag=etag)


def list_page(kind: Kind, namespace: str, *, limit: int = 0, token: str = "", labels: str = "") -> Request:
    """A page of a list; `labels` is a label selector."""
    query = _given(limit=str(limit or ""), **{"continue": token}, labelSelector=labels)
    return Request("list", _resource(kind), "GET", path_of(kind, namespace), query)


def watch(kind: Kind, namespace: str, options: Mapping[str, str]) -> Request:
    query = (("watch", "true"), ("allowWatchBookmarks", "true"), *options.items())
    return Request("watch", _resource(kind), "GET", path_of(kind, namespace), query)


def apply(kind: Kind, target: tuple[str, str], body: Payload, options: ApplyOptions) -> Request:
    """A server-side apply of `target`, (namespace, name)."""
    query = (*_write_query(options), ("force", "true" if options["force"] else "false"))
    return Request("apply", _resource(kind), "PATCH", path_of(kind, *target), query, encode(body), APPLY_PATCH)


def patch(kind: Kind, target: tuple[str, str], body: Payload, content_type: str, options: PatchOptions) -> Request:
    subresource = options.get("subresource", "")
    path = path_of(kind, *target, subresource)
    resource = _resource(kind, subresource)
    return Request("patch", resource, "PATCH", path, _write_query(options), encode(body), content_type)


def create(kind: Kind, namespace: str, body: Payload, options: WriteOptions) -> Request:
    path = path_of(kind, namespace)
    return Request("create", _resource(kind), "POST", path, _write_query(options), encode(body), JSON)


def replace(kind: Kind, target: tuple[str, str], body: Payload, options: PatchOptions) -> Request:
    subresource = options.get("subresource", "")
    path = path_of(kind, *target, subresource)
    return Request("update", _resource(kind, subresource), "PUT", path, _write_query(options), encode(body), JSON)


def delete(kind: Kind, target: tuple[str, str], options: DeleteOptions) -> Request:
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions"}
    if options.get("propagation"):
        body["propagationPolicy"] = options["propagation"]
    preconditions = dict(_given(uid=options["uid"], resourceVersion=options.get("resource_version", "")))
    if preconditions:
        body["preconditions"] = preconditions
    if options.get("dry_run"):
        body["dryRun"] = ["All"]
    query = _given(dryRun="All" if options.get("dry_run") else "")
    return Request("delete", _resource(kind), "DELETE", path_of(kind, *target), query, encode(body), JSON)


def path_of(kind: Kind, namespace: str, name: str = "", subresource: str = "") -> str:
    """Where the server keeps an object, or the collection without a name; no namespace means all of them."""
    parts = ["apis", kind.group, kind.version] if kind.group else ["api", kind.version]
    if kind.namespaced and namespace:
        parts += ["namespaces", namespace]
    parts += [part for part in (kind.plural, name, subresource) if part]
    return "/" + "/".join(quote(part, safe="") for part in parts)


def encode(body: Payload) -> bytes:
    return body if isinstance(body, bytes) else msgspec.json.encode(body, enc_hook=dict)


def _resource(kind: Kind, subresource: str = "") -> str:
    return "/".join(part for part in (kind.group, kind.plural, subresource) if part)


def _write_query(options: WriteOptions) -> tuple[tuple[str, str], ...]:
    return _given(
        fieldManager=options.get("manager", FIELD_MANAGER),
        fieldValidation="Strict" if options.get("strict", True) else "Ignore",
        dryRun="All" if options.get("dry_run", False) else "",
    )


def _given(**values: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in values.items() if value)
