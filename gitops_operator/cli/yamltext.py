"""JSON data as YAML that Kubernetes reads back as the same data: `on`, `1e3` and `0777` stay text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from gitops_operator.render.scalars import resolve

_PLAIN = re.compile(
    r"(?!---|\.\.\.)(?:[A-Za-z0-9_./]|-(?=[A-Za-z0-9_./-]))[A-Za-z0-9_./@%+=(){}\[\]*&!|<>?,;^~$:#\" '-]*\Z"
)
_UNSAFE = re.compile(r":(?= |\Z)| #| \Z")
_ODD = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
"""Characters that YAML does not let stand as they are, or reads as something else."""
_NUMBERS = re.compile(r"[-+]?[0-9][0-9_]*[-:][0-9]")
"""Dates and numbers of base 60, which other readers of YAML 1.1 take for something else."""
_BLOCK = re.compile(
    r"[^\s\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]"
    r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]*\Z"
)


def yaml_text(value: Any) -> str:
    """One document, with the end of its last line."""
    return "\n".join(_lines(value)) + "\n"


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _entry(f"{_scalar(str(key))}:", item)
    elif isinstance(value, list) and value:
        for item in value:
            yield from _item(item)
    else:
        yield _scalar(value)


def _entry(head: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        yield head
        yield from ("  " + line for line in _lines(value))
    elif isinstance(value, list) and value:
        yield head
        yield from _lines(value)
    elif isinstance(value, str) and _is_block(value):
        yield from _block(head, value)
    else:
        yield f"{head} {_scalar(value)}"


def _item(value: Any) -> Iterator[str]:
    lines = iter(_block("", value)) if isinstance(value, str) and _is_block(value) else _lines(value)
    yield f"- {next(lines).lstrip()}"
    yield from (("  " + line) if line else line for line in lines)


def _is_block(text: str) -> bool:
    """Whether it can stand as a block: several lines, the first not indented, nothing that YAML would change."""
    return "\n" in text and bool(_BLOCK.match(text)) and not re.search(r"[ \t]$", text, re.MULTILINE)


def _block(head: str, text: str) -> Iterator[str]:
    body = text.rstrip("\n")
    ends = len(text) - len(body)
    yield f"{head} |{'-' if ends == 0 else '' if ends == 1 else '+'}"
    yield from (f"  {line}" if line else "" for line in body.split("\n"))
    yield from [""] * (ends - 1)


def _scalar(value: Any) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    return value if _is_plain(value) else _ODD.sub(_escaped, json.dumps(value, ensure_ascii=False))


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _is_plain(text: str) -> bool:
    return bool(_PLAIN.match(text)) and not _UNSAFE.search(text) and not _NUMBERS.match(text) and resolve(text) == text
