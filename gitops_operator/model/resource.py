"""One Kubernetes object as Git wants it, and the identity that desired and live objects share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from sys import intern
from typing import Any, NamedTuple, Protocol

PREFIX = "gitops-operator.io/"
ARGO_PREFIX = "argocd.argoproj.io/"
FIELD_MANAGER = "gitops-operator"

TRACKING_ID = PREFIX + "tracking-id"
DESIRED_DIGEST = PREFIX + "desired"
HANDOVER = PREFIX + "handover"
HOOK_RUN = PREFIX + "hook-run"
SYNC_WAVE = PREFIX + "sync-wave"
SYNC_OPTIONS = PREFIX + "sync-options"
COMPARE_OPTIONS = "compare-options"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
NO_OPTIONS: frozenset[str] = frozenset()
"""One for all: an empty frozenset takes 216 bytes."""

STAMPED_ANNOTATIONS = (TRACKING_ID, DESIRED_DIGEST)

WAVE_ANNOTATIONS = (SYNC_WAVE, ARGO_PREFIX + "sync-wave", "helm.sh/hook-weight")
_INTEGER = re.compile(r"[+-]?[0-9]{1,9}\Z")

Body = Mapping[str, Any]
"""A Kubernetes object as JSON data. Never changed in place."""


class StoredBody(Protocol):
    """A body held compactly."""

    def load(self) -> Body:
        """The whole object as JSON data, managedFields included; a new value at each call."""


class GroupKind(NamedTuple):
    """A kind without its version; the core group is ""."""

    group: str
    kind: str

    def __str__(self) -> str:
        return f"{self.group}/{self.kind}" if self.group else self.kind


class ResourceKey(NamedTuple):
    """Identity of an object without version; `namespace` is "" for cluster-scoped kinds."""

    group: str
    kind: str
    namespace: str
    name: str

    @property
    def group_kind(self) -> GroupKind:
        """The kind of the object."""
        return GroupKind(self.group, self.kind)

    def __str__(self) -> str:
        """As people write it: `apps/Deployment web/frontend`, `Namespace web`."""
        kind = f"{self.group}/{self.kind}" if self.group else self.kind
        return f"{kind} {self.namespace}/{self.name}" if self.namespace else f"{kind} {self.name}"


def key_in(fields: Mapping[str, Any]) -> ResourceKey:
    """The object that a status or a request names: group and namespace are left out where they are empty."""
    return ResourceKey(fields.get("group", ""), fields["kind"], fields.get("namespace", ""), fields["name"])


class Origin(NamedTuple):
    """Where a desired object stands in Git; `line` counts from 1, 0 where a tool made the text."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Resource:
    """One desired object.

    `content` holds what Git says, before our annotations are stamped on; it may be packed, so read `body`, and once.
    `owner` and `digest` are what stamping adds ("" before); a hook (see model/hooks.py) runs instead of being kept.
    """

    key: ResourceKey
    api_version: str
    content: Body | StoredBody = field(hash=False)
    origin: Origin = Origin("")
    wave: int = 0
    options: frozenset[str] = NO_OPTIONS
    owner: str = ""
    digest: str = ""
    is_hook: bool = False

    @property
    def body(self) -> Body:
        """The object as JSON data, in its namespace."""
        body = self.content if isinstance(self.content, Mapping) else self.content.load()
        metadata = body.get("metadata")
        if metadata is None or metadata.get("namespace", "") == self.key.namespace:
            return body
        return self._placed(body)

    @property
    def tracking_id(self) -> str:
        """The text of our annotation; "" before stamping."""
        return tracking_text(self.owner, self.key) if self.owner else ""

    def _placed(self, body: Body) -> Body:
        metadata = {name: value for name, value in body["metadata"].items() if name != "namespace"}
        placed = {"namespace": self.key.namespace} if self.key.namespace else {}
        return {**body, "metadata": {**metadata, **placed}}

    def __str__(self) -> str:
        return f"{self.key} ({self.origin})" if self.origin.file else str(self.key)


def tracking_text(owner: str, key: ResourceKey) -> str:
    """What our annotation says of an object and its owner."""
    return f"{owner}:{key.group}/{key.kind}:{key.namespace}/{key.name}"


def group_of(api_version: str) -> str:
    """The group of an apiVersion: "apps" of apps/v1, "" of v1."""
    return api_version.rpartition("/")[0]


def key_of(body: Body) -> ResourceKey:
    """The identity of a complete object (kind, apiVersion and name are there); of a hook without a name its prefix."""
    metadata = body["metadata"]
    return ResourceKey(
        intern(group_of(body["apiVersion"])),
        intern(body["kind"]),
        intern(metadata.get("namespace") or ""),
        metadata.get("name") or metadata.get("generateName") or "",
    )


def wave_of(annotations: Mapping[str, str]) -> int:
    """The sync wave that annotations name; 0 without one.

    Raises:
        ValueError: the value is no integer; the message names annotation and value.
    """
    for name in WAVE_ANNOTATIONS:
        if name in annotations:
            value = annotations[name]
            if not _INTEGER.match(str(value)):
                message = f"annotation {name}: {value!r} is not an integer"
                raise ValueError(message)
            return int(value)
    return 0


def options_of(annotations: Mapping[str, str], suffix: str = "sync-options") -> frozenset[str]:
    """The comma-separated words of both prefixes' sync-options (or another) annotation."""
    words = [annotations.get(prefix + suffix, "").split(",") for prefix in (PREFIX, ARGO_PREFIX)]
    return frozenset(word.strip() for part in words for word in part if word.strip()) or NO_OPTIONS
