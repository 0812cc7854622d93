"""One object as it came over the wire: typed metadata, everything else left as bytes until somebody needs it."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from sys import intern
from typing import Any

import msgspec

from gitops_operator.errors import ClusterError
from gitops_operator.model.kind import Kind
from gitops_operator.model.resource import Body, ResourceKey

Annotations = Mapping[str, str]

_OPAQUE = 0
_FINGERPRINT_BYTES = 7  # what an int of 32 bytes holds


class Entry(msgspec.Struct, rename="camel", gc=False):
    """One entry of managedFields; its fields stay bytes."""

    manager: str = ""
    operation: str = ""
    api_version: str = ""
    subresource: str = ""
    fields: msgspec.Raw = msgspec.field(name="fieldsV1", default=msgspec.Raw(b"{}"))


class Metadata(msgspec.Struct, rename="camel", gc=False):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    deletion_timestamp: str | None = None
    finalizers: list[str] | None = None
    annotations: dict[str, str] | None = None
    labels: dict[str, str] | None = None
    owner_references: list[dict[str, Any]] | None = None
    managed_fields: list[Entry] | None = None


class Head(msgspec.Struct, rename="camel", gc=False):
    metadata: Metadata
    api_version: str = ""
    type: msgspec.Raw = msgspec.Raw(b"null")


_HEAD = msgspec.json.Decoder(Head)
_WHOLE = msgspec.json.Decoder(dict[str, Any])
_PARTS = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Sighting:
    """One object of one kind at one resourceVersion; raises ClusterError for what is no object.

    `version` is the resourceVersion as a number, 0 where it is none (some aggregated APIs): such objects have no order
    and the last one counts. Items of a list may lack apiVersion and kind: both are filled in.
    """

    __slots__ = ("_body", "api_version", "key", "kind", "metadata", "raw", "type", "version")

    def __init__(self, kind: Kind, raw: bytes) -> None:
        head = _head(kind, raw)
        self.kind = kind
        self.raw = raw
        self.metadata = head.metadata
        self.type = head.type
        self.api_version = head.api_version or kind.api_version
        self.key = ResourceKey(kind.group, kind.kind, intern(head.metadata.namespace), head.metadata.name)
        self.version = version_of(head.metadata.resource_version)
        self._body: Body | None = None

    def __repr__(self) -> str:
        return f"Sighting({self.key} at {self.version})"

    @property
    def uid(self) -> str:
        return self.metadata.uid

    @property
    def annotations(self) -> Annotations:
        return self.metadata.annotations or {}

    @property
    def labels(self) -> Annotations:
        return self.metadata.labels or {}

    @property
    def body(self) -> Body:
        """The whole object as JSON data, read once."""
        if self._body is None:
            self._body = decode_body(self.raw, self.api_version, self.kind.kind)
        return self._body

    def outline(self) -> Body:
        """As much of the object as says who owns it."""
        metadata: dict[str, Any] = {"name": self.key.name}
        if self.metadata.annotations:
            metadata["annotations"] = self.metadata.annotations
        if self.metadata.owner_references:
            metadata["ownerReferences"] = self.metadata.owner_references
        outline: dict[str, Any] = {"apiVersion": self.api_version, "kind": self.kind.kind, "metadata": metadata}
        if self.key.kind == "Secret":
            outline["type"] = msgspec.json.decode(self.type)
        return outline

    def fingerprint(self, manager: str) -> int:
        """The same as long as nothing moved but status, the resourceVersion and what others own.

        It is of the bytes as they came: a server that writes the same object in another order costs a comparison more,
        never a change missed.
        """
        digest = blake2b(digest_size=_FINGERPRINT_BYTES)
        parts = _PARTS.decode(self.raw)
        metadata = _PARTS.decode(parts.pop("metadata"))
        for left_out in _CHURN_OF_OBJECT:
            parts.pop(left_out, None)
        for left_out in _CHURN_OF_METADATA:
            metadata.pop(left_out, None)
        for some in (metadata, parts):
            for name, value in some.items():
                digest.update(name.encode())
                digest.update(value)
        for entry in self.metadata.managed_fields or ():
            if entry.manager == manager and entry.operation == "Apply" and not entry.subresource:
                digest.update(entry.api_version.encode())
                digest.update(entry.fields)
        return int.from_bytes(digest.digest(), "big")


def _head(kind: Kind, raw: bytes) -> Head:
    try:
        return _HEAD.decode(raw)
    except msgspec.DecodeError as error:  # it names a place in the object, never a value
        raise ClusterError(f"an object of kind {kind.group_kind} cannot be read: {error}") from error


_CHURN_OF_OBJECT = ("apiVersion", "kind", "status")
_CHURN_OF_METADATA = ("resourceVersion", "generation", "managedFields")


def version_of(resource_version: str) -> int:
    """A resourceVersion as a number; 0 where it is none."""
    return int(resource_version) if resource_version.isdecimal() else _OPAQUE


def decode_body(raw: bytes, api_version: str, kind: str) -> Body:
    """A whole object, with the apiVersion and kind that items of a list may lack."""
    body = _WHOLE.decode(raw)
    body.setdefault("apiVersion", api_version)
    body.setdefault("kind", kind)
    return body
