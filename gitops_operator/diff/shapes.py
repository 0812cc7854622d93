"""What the fields of the API server's own kinds are, for comparing values where no managedFields tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from gitops_operator.diff.builtin import TYPES

_WORD = re.compile(
    r"(?P<name>[^[{!#@%:]+)(?P<form>\[\]|\[=\]|\{!\}|\{\}|\[[^]]+\]|!)?(?P<values>[#@%])?(?::(?P<type>\S+))?\Z"
)
_METADATA = "metadata"


class Form(StrEnum):
    """How what is in a field goes together."""

    PLAIN = ""
    LIST = "[]"
    SET = "[=]"
    MAP = "{}"
    KEYED = "keyed"


class Values(StrEnum):
    """What the API server writes in words of its own."""

    PLAIN = ""
    QUANTITY = "#"
    TIME = "@"
    BYTES = "%"


@dataclass(frozen=True, slots=True)
class Shape:
    """One field: `is_whole` says that whoever writes it writes all of it; `keys` are those of a list's items.

    Of fields that are not `is_builtin` nothing is known: the server stores them as they come.
    """

    is_builtin: bool = False
    form: Form = Form.PLAIN
    is_whole: bool = False
    values: Values = Values.PLAIN
    keys: tuple[tuple[str, str], ...] = ()
    type: str = ""

    def child(self, name: str) -> Shape:
        """The shape of a field, or of a value of a map."""
        if not self.is_builtin:
            return UNKNOWN
        if self.form is Form.MAP:
            return replace(self, form=Form.PLAIN)
        is_kind = self.type.count("/") > 0
        found = _OBJECT_META if name == _METADATA and is_kind else _FIELDS.get(self.type, {}).get(name, _PLAIN)
        return replace(found, is_whole=True) if self.is_whole else found

    @property
    def item(self) -> Shape:
        """The shape of an item of a list; one without keys is written whole, as its list is."""
        if not self.is_builtin:
            return UNKNOWN
        return replace(self, form=Form.PLAIN, keys=(), is_whole=self.is_whole or self.form is not Form.KEYED)

    def keys_of(self, item: Any) -> dict[str, Any] | None:
        """The keys that name an item of a list, with the defaults of those that it leaves out; None: it has none."""
        if not self.keys or not isinstance(item, Mapping):
            return None
        keys = {name: item.get(name, default) for name, default in self.keys if item.get(name, default) != ""}
        return keys if any(name in item for name in keys) else None


UNKNOWN = Shape()
_PLAIN = Shape(is_builtin=True)
_OBJECT_META = Shape(is_builtin=True, type="ObjectMeta")


def shape_of(api_version: str, kind: str) -> Shape:
    """The shape of an object of a kind; UNKNOWN for one that is not the API server's own."""
    name = f"{api_version}/{kind}"
    return Shape(is_builtin=True, type=name) if name in _FIELDS else UNKNOWN


def _read(text: str) -> Iterator[tuple[str, dict[str, Shape]]]:
    for line in text.replace("\n  ", " ").splitlines():
        name, _, words = line.partition(":")
        yield name, dict(_field(word) for word in words.split())


def _field(word: str) -> tuple[str, Shape]:
    found = _WORD.match(word)
    assert found is not None, word  # noqa: S101 - a test makes this table, and reads it
    form = found["form"] or ""
    is_keyed = form.startswith("[") and form not in {"[]", "[=]"}
    keys = tuple(_key(key) for key in form[1:-1].split(",")) if is_keyed else ()
    shape = Shape(
        is_builtin=True,
        form=Form.KEYED if is_keyed else Form(form.replace("!", "")),
        is_whole="!" in form,
        values=Values(found["values"] or ""),
        keys=keys,
        type=found["type"] or "",
    )
    return found["name"], shape


def _key(text: str) -> tuple[str, str]:
    name, _, default = text.partition("=")
    return name, default


_FIELDS: Mapping[str, Mapping[str, Shape]] = dict(_read(TYPES))
