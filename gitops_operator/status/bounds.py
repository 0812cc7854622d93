"""What fits into a status: each part has a room of its own, so that what was cut once is cut the same the next time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

LONGEST = 4096
_LENGTHS = (LONGEST, 2048, 1024, 512, 256, 128)


def size_of(value: Any) -> int:
    """Bytes of JSON; a little too much where a character is not ASCII."""
    return len(json.dumps(value))


def shortened(text: str, longest: int) -> str:
    """The text, cut with an ellipsis where it is too long for a status."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def with_messages_cut(items: Sequence[dict[str, Any]], room: int) -> list[dict[str, Any]]:
    """The same items, all their messages cut to the longest of some lengths with which they fit."""
    cut: list[dict[str, Any]] = []
    for longest in _LENGTHS:
        cut = [item | {"message": shortened(item["message"], longest)} if "message" in item else item for item in items]
        if size_of(cut) <= room:
            break
    return cut


def first_that_fit(items: Sequence[Any], room: int) -> list[Any]:
    """As many from the beginning as there is room for."""
    if size_of(items) <= room:  # as it nearly always is; one look at the whole takes a tenth of the time of all parts
        return list(items)
    fitting: list[Any] = []
    for item in items:
        room -= size_of(item) + 2
        if room < 0:
            break
        fitting.append(item)
    return fitting


def last_that_fit(items: Sequence[Any], room: int) -> list[Any]:
    """As many from the end as there is room for."""
    return first_that_fit(items[::-1], room)[::-1]
