"""Which file gave which objects of a render, so that the next render reads only the files that have changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from struct import Struct

from gitops_operator.model.resource import Resource
from gitops_operator.render.directory import SourceFile
from gitops_operator.render.manifests import Manifests

_MARK_BYTES = 16
_ONE = Struct(f"{_MARK_BYTES}sI")
_UNLIKE_ANY = bytes(_MARK_BYTES)

Known = Mapping[bytes, tuple[Resource, ...]]
"""The objects of each file, by the file's mark."""


def mark_of(file: SourceFile) -> bytes:
    """Equal marks: the same content at the same path, and so the same objects."""
    return hashlib.blake2b(b"%b\0%b" % (file.path.encode(), file.data), digest_size=_MARK_BYTES).digest()


def marks_of(files: Iterable[tuple[bytes, Manifests]]) -> bytes:
    """The marks of a render's files with the number of their objects, in 20 bytes each.

    A file that there is something to say about is not marked: it is read, and that is said, each time.
    """
    return b"".join(
        _ONE.pack(_UNLIKE_ANY if part.warnings or part.problems else mark, len(part.resources)) for mark, part in files
    )


def known_by(marks: bytes, resources: Sequence[Resource]) -> Known:
    """The objects of a render, by the marks of their files."""
    known: dict[bytes, tuple[Resource, ...]] = {}
    start = 0
    for mark, number in _ONE.iter_unpack(marks):
        if mark != _UNLIKE_ANY:
            known[mark] = tuple(resources[start : start + number])
        start += number
    return known
