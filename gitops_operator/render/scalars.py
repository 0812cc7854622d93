"""What an unquoted YAML word means to Kubernetes: the rules of Go's sigs.k8s.io/yaml, which are nobody else's.

A mix of YAML 1.1 (`on`, `y` and `0777`) and 1.2 (`0o777`, `1e3`), with no dates and no base 60. Values come as Python
values that stand for Go's: float is float64, before it becomes JSON.
"""

from __future__ import annotations

import binascii
import math
import re
import struct
from collections.abc import Mapping
from decimal import Decimal

Scalar = str | int | float | bool | None

TAG_PREFIX = "tag:yaml.org,2002:"
_STR, _INT, _FLOAT, _BOOL, _NULL = (TAG_PREFIX + name for name in ("str", "int", "float", "bool", "null"))
_BINARY, _TIMESTAMP = TAG_PREFIX + "binary", TAG_PREFIX + "timestamp"
_RESOLVED = frozenset((_INT, _FLOAT, _BOOL, _NULL))

_MIN_INT, _MAX_INT, _MAX_UINT = -(2**63), 2**63 - 1, 2**64 - 1
_MAX_FLOAT32 = 3.4028235677973366e38  # the first value that rounds to infinity

_WORDS: Mapping[str, Scalar] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_MAYBE_NOT_TEXT = frozenset("yYnNtTfFoO~.+-0123456789")
_INTEGERS = (
    (re.compile(r"([+-]?)0[xX]([0-9a-fA-F]+)\Z"), 16),
    (re.compile(r"([+-]?)0[bB]([01]+)\Z"), 2),
    (re.compile(r"([+-]?)0[oO]?([0-7]+)\Z"), 8),
    (re.compile(r"([+-]?)(0|[1-9][0-9]*)\Z"), 10),
)
_ESCAPED = re.compile("[\udc80-\udcff]")
"""Bytes that are no UTF-8, one by one, as Go counts them."""
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_DOT_DECIMAL = re.compile(r"\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?\Z")


def resolve(text: str) -> Scalar:
    """The value of a plain scalar without a tag."""
    if not text:
        return None
    if text[0] not in _MAYBE_NOT_TEXT:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "+-0123456789":
        return _number(text)
    if text[0] == "." and _DOT_DECIMAL.match(text):
        return _finite(text.replace("_", ""), text)
    return text


def resolve_tagged(text: str, tag: str) -> Scalar:
    """The value of a scalar with an explicit tag; tags that Kubernetes does not know are ignored.

    Raises:
        ValueError: the text is not what its tag says.
    """
    if tag == _BINARY:
        return _binary(text)
    if tag not in _RESOLVED:
        return text
    value = resolve(text)
    found = _tag_of(value)
    if tag == _FLOAT and found == _INT and isinstance(value, int) and value <= _MAX_INT:
        return float(value)
    if found != tag:
        raise ValueError(f"the value is a {_short(found)}, not the {_short(tag)} of its tag")
    return value


def json_value(value: Scalar) -> Scalar:
    """The value as Go writes it to JSON: a float that is a whole number becomes an integer.

    Raises:
        ValueError: JSON has no infinity and no NaN.
    """
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        raise ValueError("infinity and NaN cannot be written as JSON; quote the value if it is text")
    if value.is_integer() and abs(value) < 1e21:
        return int(Decimal(repr(value)))
    return value


def key_text(value: Scalar) -> str:
    """The text of a key: JSON knows only text keys, so `on:` is "true" and `1.50:` is "1.5".

    Raises:
        ValueError: the value cannot be a key.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float32_text(value)
    if value is None:
        raise ValueError("null cannot be a key; quote it if it is text")
    if value > _MAX_INT:
        raise ValueError(f"{value} is too large for a key; quote it if it is text")
    return str(value)


def _number(text: str) -> Scalar:
    plain = text.replace("_", "")
    for pattern, base in _INTEGERS:
        found = pattern.match(plain)
        if found:
            value = int(found[1] + found[2], base)
            if _MIN_INT <= value <= (_MAX_INT if found[1] else _MAX_UINT):
                return value
            break
    return _finite(plain, text) if _DECIMAL.match(plain) else text


def _finite(number: str, text: str) -> Scalar:
    """A float, or the text itself where it is out of range, as `1e1000` (a short SHA) is."""
    value = float(number)
    return value if math.isfinite(value) else text


def _binary(text: str) -> str:
    try:
        data = binascii.a2b_base64(re.sub(r"[\r\n]", "", text), strict_mode=True)
    except binascii.Error:
        raise ValueError("the value is not the base64 that its !!binary tag promises") from None
    return _ESCAPED.sub("\N{REPLACEMENT CHARACTER}", data.decode("utf-8", "surrogateescape"))


def _tag_of(value: Scalar) -> str:
    if value is None:
        return _NULL
    return {bool: _BOOL, int: _INT, float: _FLOAT, str: _STR}[type(value)]


def _short(tag: str) -> str:
    return "!!" + tag.removeprefix(TAG_PREFIX)


def _float32_text(value: float) -> str:
    """Go's FormatFloat(value, 'g', -1, 32): the shortest text that is the same float32."""
    if math.isnan(value):
        return ".nan"
    if abs(value) >= _MAX_FLOAT32:
        return ".inf" if value > 0 else "-.inf"
    single = struct.unpack("f", struct.pack("f", value))[0]
    digits = next(
        text
        for text in (f"{single:.{precision}e}" for precision in range(9))
        if struct.unpack("f", struct.pack("f", float(text)))[0] == single
    )
    mantissa, _, exponent = digits.partition("e")
    if -4 <= int(exponent) < 6:
        return f"{Decimal(digits):f}"
    return f"{mantissa}e{int(exponent):+03d}"
