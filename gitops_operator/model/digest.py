"""The digest of a desired object: what tells, without looking at fields, that Git still says what was applied last.

A digest names its version, `v1:<hex>`, and is compared by the algorithm of that version for ever: an upgrade of the
operator that hashes in another way must not apply the whole fleet again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from gitops_operator.model.resource import STAMPED_ANNOTATIONS, Body

_VERSION = "v1"


def canonical_json(body: Any) -> bytes:
    """JSON data as bytes that are equal for equal data: sorted keys, no spaces, UTF-8."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def desired_digest(body: Body) -> str:
    """The versioned digest of a desired object, whether or not our annotations are stamped on it already."""
    return f"{_VERSION}:{_ALGORITHMS[_VERSION](body)}"


def same_digest(stored: str, body: Body) -> bool:
    """Whether a digest that some version of the operator stored belongs to this desired object."""
    version, _, value = stored.partition(":")
    algorithm = _ALGORITHMS.get(version)
    return algorithm is not None and algorithm(body) == value


def _v1(body: Body) -> str:
    return hashlib.blake2b(canonical_json(_unstamped(body)), digest_size=20).hexdigest()


_ALGORITHMS: Mapping[str, Callable[[Body], str]] = {"v1": _v1}


def _unstamped(body: Body) -> Body:
    """The object without what stamping adds; an empty `annotations` is as good as none."""
    metadata = body.get("metadata")
    if not isinstance(metadata, Mapping) or "annotations" not in metadata:
        return body
    annotations = metadata["annotations"] or {}
    kept = {name: value for name, value in annotations.items() if name not in STAMPED_ANNOTATIONS}
    rest = {name: value for name, value in metadata.items() if name != "annotations"}
    return {**body, "metadata": {**rest, "annotations": kept} if kept else rest}
