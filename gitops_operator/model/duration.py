"""Go's way to write times in text, as Argo CD's users know it: `90s`, `5m`, `1h30m`."""

from __future__ import annotations

import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LONGEST = 10 * 365 * 86400.0  # longer ones would not fit into a date
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")


def seconds_of(text: str) -> float:
    """The seconds of a duration, ten years at most; a bare number is seconds.

    Raises:
        ValueError: the text is no duration; the message shows it and an example.
    """
    value = str(text).strip()
    if value.isdigit():
        return min(float(value), _LONGEST)
    parts = list(_PART.finditer(value))
    if not parts or "".join(part.group() for part in parts) != value:
        message = f"{text!r} is not a duration; write it like 90s, 5m or 1h30m"
        raise ValueError(message)
    return min(sum(float(part.group(1)) * _UNITS[part.group(2)] for part in parts), _LONGEST)
