"""A render as the bytes of a file, with a checksum: what was cut off or damaged is noticed when it is read.

One line says what is common, and one line each object is: so no more than one of them is whole in memory at a time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from sys import intern
from typing import Any

from gitops_operator.errors import Problem
from gitops_operator.model.resource import NO_OPTIONS, GroupKind, Origin, Resource, key_of
from gitops_operator.render import Read, Rendered

_SECRET = GroupKind("", "Secret")
_CHECKSUM_BYTES = 20
_FORM = b"lines-2"


def may_be_stored(rendered: Rendered) -> bool:
    """Whether a render may leave memory: not with Secrets in it."""
    return not any(resource.key.group_kind == _SECRET for resource in rendered.resources)


def encode(rendered: Rendered) -> bytes:
    """The bytes of a render."""
    head = [rendered.inputs, rendered.reads, rendered.size, rendered.warnings]
    content = b"\n".join([_line(head), *(_line(_parts(resource)) for resource in rendered.resources)])
    return _checksum(content) + content


def decode(data: bytes, pack: Callable[[Resource], Resource]) -> Rendered | None:
    """The render that bytes hold, each object made smaller by `pack`; None where they are damaged."""
    checksum, content = data[:_CHECKSUM_BYTES], data[_CHECKSUM_BYTES:]
    if _checksum(content) != checksum:
        return None
    head, *lines = content.split(b"\n")
    inputs, reads, size, warnings = json.loads(head)
    return Rendered(
        resources=tuple(pack(_resource(*json.loads(line))) for line in lines),
        warnings=tuple(Problem(*parts) for parts in warnings),
        inputs=inputs,
        reads=tuple(Read(*parts) for parts in reads),
        size=size,
    )


def _parts(resource: Resource) -> list[Any]:
    return [resource.body, resource.origin, resource.wave, sorted(resource.options), resource.is_hook]


def _resource(body: dict[str, Any], origin: list[Any], wave: int, options: list[str], is_hook: bool) -> Resource:  # noqa: FBT001 - as _parts lists them
    known = frozenset(options) or NO_OPTIONS
    return Resource(key_of(body), intern(body["apiVersion"]), body, Origin(*origin), wave, known, is_hook=is_hook)


def _line(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _checksum(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_CHECKSUM_BYTES, person=_FORM).digest()
