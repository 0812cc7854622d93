"""The bodies of desired objects, out of the way: a pass over objects in sync reads none of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from gitops_operator.errors import Problem, RenderError
from gitops_operator.model.packing import Codec, Packed, Packer
from gitops_operator.model.resource import Body, GroupKind, Resource
from gitops_operator.render import Rendered
from gitops_operator.render.spill import Extent, Spill

_IN_MEMORY = frozenset({GroupKind("", "Secret")})
_AT_HAND = frozenset({GroupKind("apiextensions.k8s.io", "CustomResourceDefinition")})
"""Every pass looks into these: what they define decides what may be applied after them."""
_SIZE_BITS = 28  # a file of manifests has at most 32 MB


class PackedManifest(Packed):
    """One desired object, in memory."""

    __slots__ = ()

    def load(self) -> Body:
        """The object; a new value at each call."""
        return _read(self.text())


class ShelvedManifest:
    """One desired object, packed, on disk."""

    __slots__ = ("_codec", "_extent", "_place")

    def __init__(self, codec: Codec, extent: Extent, start: int, size: int) -> None:
        self._codec, self._extent, self._place = codec, extent, start << _SIZE_BITS | size

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ShelvedManifest | PackedManifest) and other.load() == self.load()

    __hash__ = None  # type: ignore[assignment]  # bodies are compared, never looked up

    def load(self) -> Body:
        """The object; a new value at each call.

        Raises:
            RenderError: the disk does not give it back.
        """
        start, size = self._place >> _SIZE_BITS, self._place & ((1 << _SIZE_BITS) - 1)
        try:
            return _read(self._codec.unpack(self._extent.read(start, size)))
        except OSError as error:
            problem = Problem("", 0, 0, f"a rendered object cannot be read from the data folder again: {error}")
            raise RenderError((problem,), transient=True) from error


class Bodies:
    """Packs the bodies of renders and puts them on disk, but for Secrets. Safe to use from several threads."""

    def __init__(self, folder: Path | None = None) -> None:
        self._packer = Packer(PackedManifest, threading.Lock())
        self._spill = Spill(folder) if folder else None

    def packed(self, resource: Resource) -> Resource:
        """The same object, its body packed."""
        if resource.key.group_kind in _AT_HAND:
            return resource
        text = json.dumps(resource.body, separators=(",", ":")).encode()
        return replace(resource, content=self._packer.pack(text, (resource.api_version, resource.key.kind)))

    def shelved(self, rendered: Rendered) -> Rendered:
        """The same render, its packed bodies on disk where that takes them."""
        packed = [content.data for content in map(_movable, rendered.resources) if content is not None]
        extent = self._spill.put(b"".join(packed)) if self._spill and packed else None
        if extent is None:
            return rendered
        return replace(rendered, resources=tuple(_moved(rendered.resources, extent)))


def _moved(resources: Iterable[Resource], extent: Extent) -> Iterator[Resource]:
    start = 0
    for resource in resources:
        content = _movable(resource)
        if content is None:
            yield resource
        else:
            size = len(content.data)
            yield replace(resource, content=ShelvedManifest(content.codec, extent, start, size))
            start += size


def _movable(resource: Resource) -> PackedManifest | None:
    """What may leave memory; Secrets stay."""
    content = resource.content
    return content if isinstance(content, PackedManifest) and resource.key.group_kind not in _IN_MEMORY else None


def _read(text: bytes) -> Body:
    body: Body = json.loads(text)
    return body
