"""JSON texts that look alike, held small: zstd with, for each family, a dictionary trained on its first ones."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Generic, TypeVar

import zstandard

_LEVEL = 1
"""At level 3 texts are 2 % smaller, and the process a third larger: its tables leave holes in the heap."""
_LEARN_AFTER = 32
"""A dictionary and its tables take some 150 KB: families with few members do without."""
_SAMPLE_BYTES = 8192
_DICTIONARY_BYTES = 16384
"""Trained on 32 Deployments of 8 KB, this leaves 849 bytes of each; four whole ones as dictionary leave 994."""

Guard = AbstractContextManager[object]
"""A lock, where several threads pack and unpack."""

Family = tuple[str, str]
"""What looks alike, and what the texts leave out because it is the same in all: apiVersion and kind."""


class Codec:
    """How the texts of one family were packed from some moment on."""

    __slots__ = ("_compressor", "_decompressor", "_guard", "family")

    def __init__(self, family: Family, guard: Guard, samples: Sequence[bytes] = ()) -> None:
        self.family = family
        self._guard = guard
        learnt = _trained(samples) if samples else None
        self._compressor = zstandard.ZstdCompressor(
            level=_LEVEL, dict_data=learnt, write_checksum=False, write_dict_id=False
        )
        self._decompressor = zstandard.ZstdDecompressor(dict_data=learnt)

    def pack(self, text: bytes) -> bytes:
        with self._guard:
            squeezed = self._compressor.compress(text)
        return bytes(memoryview(squeezed))  # the compressor leaves its results too large

    def unpack(self, data: bytes) -> bytes:
        with self._guard:
            return self._decompressor.decompress(data)


class Packed:
    """One text, packed; what it holds never shows in its repr."""

    __slots__ = ("codec", "data")

    def __init__(self, codec: Codec, data: bytes) -> None:
        self.codec = codec
        self.data = data

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.data)} bytes)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Packed) and other.text() == self.text()

    __hash__ = None  # type: ignore[assignment]  # what is packed is compared, never looked up

    def text(self) -> bytes:
        """What was packed."""
        return self.codec.unpack(self.data)


_P = TypeVar("_P", bound=Packed)


class _Shelf:
    """What is packed of one family."""

    __slots__ = ("codec", "samples")

    def __init__(self, family: Family, guard: Guard) -> None:
        self.codec = Codec(family, guard)
        self.samples: list[bytes] | None = []

    def learn(self, text: bytes, guard: Guard) -> None:
        if self.samples is None:
            return
        self.samples.append(text[:_SAMPLE_BYTES])
        if len(self.samples) == _LEARN_AFTER:
            self.codec = Codec(self.codec.family, guard, self.samples)
            self.samples = None


class Packer(Generic[_P]):
    """Packs texts as values of one class."""

    __slots__ = ("_form", "_guard", "_shelves")

    def __init__(self, form: type[_P], guard: Guard | None = None) -> None:
        self._form = form
        self._guard = guard or nullcontext()
        self._shelves: dict[Family, _Shelf] = {}

    def pack(self, text: bytes, family: Family) -> _P:
        """A text, packed; no reference to it is kept."""
        with self._guard:
            shelf = self._shelves.get(family)
            if shelf is None:
                shelf = self._shelves[family] = _Shelf(family, self._guard)
            shelf.learn(text, self._guard)
            codec = shelf.codec
        return self._form(codec, codec.pack(text))


def _trained(samples: Sequence[bytes]) -> zstandard.ZstdCompressionDict:
    """A dictionary, with the entropy tables that short texts cannot bring themselves."""
    try:
        learnt = zstandard.train_dictionary(_DICTIONARY_BYTES, [*samples])
    except zstandard.ZstdError:  # too little in them to learn from
        content = b"".join(samples)[-_DICTIONARY_BYTES:]
        learnt = zstandard.ZstdCompressionDict(content, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    learnt.precompute_compress(level=_LEVEL)
    return learnt
