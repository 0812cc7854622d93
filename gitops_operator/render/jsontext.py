"""Reads a JSON text; kubectl tries this first where a file begins with a brace."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from gitops_operator.render.builder import MAX_DEPTH
from gitops_operator.render.scalars import json_value, resolve

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class JsonError(Exception):
    """The text is no JSON object that can be read here; `index` is the character where that shows."""

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index = index
        self.message = message


def read_json(text: str) -> tuple[Any, int]:
    """The object and the line where it begins.

    Raises:
        JsonError: not JSON, or JSON whose oddities (duplicate keys, great depth) the YAML reader can name by line.
    """
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=resolve,
            parse_float=lambda number: json_value(resolve(number)),
            parse_constant=_refuse,
        )
    except json.JSONDecodeError as error:
        raise JsonError(error.pos, f"not JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise JsonError(0, f"not JSON: {error}") from None
    if _depth(value) > MAX_DEPTH:
        raise JsonError(0, f"nested more than {MAX_DEPTH} levels deep")
    if _SURROGATE.search(text):
        value = _mended(value)
    return value, text.count("\n", 0, len(text) - len(text.lstrip())) + 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _depth(value: Any) -> int:
    """How deeply containers are nested, counted level by level."""
    level, depth = [value], 0
    while level:
        depth += 1
        level = [
            child
            for parent in level
            for child in (parent.values() if parent.__class__ is dict else parent)
            if child.__class__ is dict or child.__class__ is list
        ]
    return depth


def _mended(value: Any) -> Any:
    """Halves of surrogate pairs, which JSON can escape and UTF-8 cannot hold, replaced as Go does it."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value
