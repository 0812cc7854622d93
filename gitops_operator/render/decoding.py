"""From the bytes of a file to text, and from a place in the text to line and column as editors count them."""

from __future__ import annotations

import codecs
import re

from gitops_operator.errors import Problem

FORBIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
"""Characters that YAML does not allow to stand as they are."""

SEPARATOR = re.compile(r"^---(?=\s|\Z)", re.MULTILINE)
"""Where the next document begins."""

_MARK_INSIDE = re.compile(r"(^---[ \t]*\r?\n)\ufeff", re.MULTILINE)
"""A byte order mark at the beginning of a later document: files that were put together have them."""

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def decode(data: bytes, file: str) -> tuple[str, tuple[Problem, ...]]:
    """The text of a file: UTF-8, or what its byte order mark says; bytes that are no text are problems."""
    mark, encoding = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", "utf-8"))
    content = data[len(mark) :]
    try:
        text = content.decode(encoding)
        return (_MARK_INSIDE.sub(r"\1", text) if "\ufeff" in text else text), ()
    except UnicodeDecodeError as error:
        text = content.decode(encoding, "replace")
        index = len(content[: error.start].decode(encoding, "replace"))
        message = f"the file is not {encoding.upper()} text: {error.reason}"
        return text, (Problem(file, *place_of(text, index), message),)


def place_of(text: str, index: int) -> tuple[int, int]:
    """Line and column, from 1, of a character."""
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)
