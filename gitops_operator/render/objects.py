"""Whether a document of a file is a Kubernetes object that can be applied, and what of it is applied."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any

from gitops_operator.model.hooks import HOOK_ANNOTATIONS
from gitops_operator.model.resource import (
    ARGO_PREFIX,
    DESIRED_DIGEST,
    HANDOVER,
    HOOK_RUN,
    LAST_APPLIED,
    TRACKING_ID,
    group_of,
)
from gitops_operator.render.positions import escape

FOREIGN_TRACKING_ID = ARGO_PREFIX + "tracking-id"
OURS = (TRACKING_ID, DESIRED_DIGEST, HANDOVER, HOOK_RUN)

_SERVERS_OWN = ("uid", "resourceVersion", "generation", "selfLink", "creationTimestamp", "managedFields")
_TYPES: Mapping[type, str] = {type(None): "null", bool: "a boolean", list: "a list", dict: "an object", str: "text"}

_API_VERSION = re.compile(r"[^/\s]+(/[^/\s]+)?\Z")
_KIND = re.compile(r"[^/\s]+\Z")
_SEGMENT = re.compile(r"(?!\.\.?\Z)[^/%\s]+\Z")
"""What the API server takes for a name of any kind; most kinds want more, and it says so itself."""

Complaint = tuple[str, str]
"""What is wrong, and the JSON pointer of the place."""


def complaints(value: Any) -> Iterator[Complaint]:
    """Everything that keeps a document from being an object with an identity."""
    if not isinstance(value, dict):
        yield f"this is {kind_of(value)}, not a Kubernetes object", ""
        return
    metadata = value.get("metadata")
    yield from _word(value, "apiVersion", "", _API_VERSION)
    yield from _word(value, "kind", "", _KIND)
    if metadata is None:
        yield "the object has no metadata.name", ""
    elif isinstance(metadata, dict):
        yield from _metadata(metadata)
    else:
        yield f"metadata is {kind_of(metadata)}, not an object", "/metadata"
    if _is_secret(value):
        yield from _texts(value.get("data"), "/data")
        yield from _texts(value.get("stringData"), "/stringData")


def applied(value: Mapping[str, Any]) -> dict[str, Any]:
    """What of an object is applied: without what belongs to the server, to controllers or to other tools."""
    body = {name: part for name, part in value.items() if name != "status"}
    body["metadata"] = _applied_metadata(value["metadata"])
    if _is_secret(body) and "stringData" in body:
        body = _with_data(body)
    if _is_aggregated(body):
        body.pop("rules", None)
    return body


def annotations_of(value: Mapping[str, Any]) -> dict[str, str]:
    """The annotations of an object without complaints."""
    return {name: text or "" for name, text in (value["metadata"].get("annotations") or {}).items()}


def kind_of(value: Any) -> str:
    """What a JSON value is, for a sentence; never the value, which may be a secret."""
    return _TYPES.get(type(value), "a number")


def _word(
    parent: Mapping[str, Any], field: str, pointer: str, form: re.Pattern[str], *, optional: bool = False
) -> Iterator[Complaint]:
    """A part of the object's identity: a text that can stand in a path of the API."""
    value = parent.get(field)
    path = f"{pointer}/{field}".replace("/", ".")[1:]
    if value is None or value == "":
        if not optional:
            yield f"the object has no {path}", pointer
    elif not isinstance(value, str):
        yield f"{path} is {_not_text(value)}", f"{pointer}/{field}"
    elif not form.match(value):
        yield f"{value!r} cannot be the {path} of an object", f"{pointer}/{field}"


def _metadata(metadata: Mapping[str, Any]) -> Iterator[Complaint]:
    if _has_only_prefix(metadata):
        yield from _word(metadata, "generateName", "/metadata", _SEGMENT)
        if not _is_hook(metadata):  # those are made anew for each sync
            yield "the object has only a generateName; what is applied again and again needs a name", "/metadata"
    else:
        yield from _word(metadata, "name", "/metadata", _SEGMENT)
    yield from _word(metadata, "namespace", "/metadata", _SEGMENT, optional=True)
    for field in ("labels", "annotations"):
        yield from _texts(metadata.get(field), f"/metadata/{field}")


def _has_only_prefix(metadata: Mapping[str, Any]) -> bool:
    return bool(metadata.get("generateName")) and not metadata.get("name")


def _is_hook(metadata: Mapping[str, Any]) -> bool:
    annotations = metadata.get("annotations")
    return isinstance(annotations, dict) and any(annotations.get(name) for name in HOOK_ANNOTATIONS)


def _texts(values: Any, pointer: str) -> Iterator[Complaint]:
    """Labels, annotations and the like: a table of texts, where the server takes null for the empty one."""
    path = pointer.replace("/", ".")[1:]
    if values is None:
        return
    if not isinstance(values, dict):
        yield f"{path} is {kind_of(values)}, not an object", pointer
        return
    for name, value in values.items():
        if value is not None and not isinstance(value, str):
            yield f"{path}[{name}] is {_not_text(value)}", f"{pointer}/{escape(name)}"


def _not_text(value: Any) -> str:
    return f"{kind_of(value)}, not text" + ("" if isinstance(value, (dict, list)) else "; put it in quotes")


def _is_secret(value: Mapping[str, Any]) -> bool:
    return value.get("kind") == "Secret" and value.get("apiVersion") == "v1"


def _applied_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in metadata.items() if name not in _SERVERS_OWN and value is not None}
    if not kept.get("namespace"):
        kept.pop("namespace", None)
    if "labels" in kept:
        kept["labels"] = {name: text or "" for name, text in kept["labels"].items()}
    if "annotations" in kept:
        dropped = (LAST_APPLIED, FOREIGN_TRACKING_ID, *OURS)
        kept["annotations"] = {
            name: text for name, text in annotations_of({"metadata": kept}).items() if name not in dropped
        }
        if not kept["annotations"]:
            del kept["annotations"]
    return kept


def _with_data(secret: Mapping[str, Any]) -> dict[str, Any]:
    """A Secret as the server would store it: `stringData` wins over `data`."""
    encoded = {
        name: base64.b64encode((text or "").encode("utf-8", "surrogatepass")).decode("ascii")
        for name, text in (secret["stringData"] or {}).items()
    }
    rest = {name: value for name, value in secret.items() if name != "stringData"}
    return {**rest, "data": {**(secret.get("data") or {}), **encoded}} if encoded else rest


def _is_aggregated(body: Mapping[str, Any]) -> bool:
    is_role = body["kind"] == "ClusterRole" and group_of(body["apiVersion"]) == "rbac.authorization.k8s.io"
    return is_role and body.get("aggregationRule") is not None
