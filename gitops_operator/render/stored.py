"""A render as the bytes of a file, with a checksum: what was cut off or damaged is noticed when it is read."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from gitops_operator.errors import Problem
from gitops_operator.model.resource import GroupKind, Origin, Resource, key_of
from gitops_operator.render import Read, Rendered

_SECRET = GroupKind("", "Secret")
_CHECKSUM_BYTES = 20


def may_be_stored(rendered: Rendered) -> bool:
    """Whether a render may leave memory: not with Secrets in it."""
    return not any(resource.key.group_kind == _SECRET for resource in rendered.resources)


def encode(rendered: Rendered) -> bytes:
    """The bytes of a render."""
    data = {
        "inputs": rendered.inputs,
        "reads": rendered.reads,
        "size": rendered.size,
        "warnings": rendered.warnings,
        "resources": [
            [resource.body, resource.origin, resource.wave, sorted(resource.options)] for resource in rendered.resources
        ],
    }
    content = json.dumps(data, separators=(",", ":")).encode()
    return _checksum(content) + content


def decode(data: bytes) -> Rendered | None:
    """The render that bytes hold, or None where they are damaged."""
    checksum, content = data[:_CHECKSUM_BYTES], data[_CHECKSUM_BYTES:]
    if _checksum(content) != checksum:
        return None
    stored: dict[str, Any] = json.loads(content)
    return Rendered(
        resources=tuple(_resource(*parts) for parts in stored["resources"]),
        warnings=tuple(Problem(*parts) for parts in stored["warnings"]),
        inputs=stored["inputs"],
        reads=tuple(Read(*parts) for parts in stored["reads"]),
        size=stored["size"],
    )


def _resource(body: dict[str, Any], origin: list[Any], wave: int, options: list[str]) -> Resource:
    return Resource(key_of(body), body["apiVersion"], body, Origin(*origin), wave, frozenset(options))


def _checksum(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_CHECKSUM_BYTES).digest()
