"""Whether two values mean the same to the API server, though they are written in other words."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from gitops_operator.diff.shapes import UNKNOWN, Form, Shape, Values

MISSING: Any = object()
"""Stands where there is no value at all."""

_QUANTITY = re.compile(r"([+-]?[0-9]+(?:\.[0-9]*)?|[+-]?\.[0-9]+)(m|u|n|k|[KMGTPE]i|[MGTPE]|[eE][+-]?[0-9]+|)\Z")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}

# What the server fills in where Git is silent, inside values that are written whole; None: whatever the value.
_FILLED_IN: Mapping[str, tuple[Any, ...] | None] = {
    "apiGroup": ("rbac.authorization.k8s.io",),  # subjects of a binding
    "apiVersion": ("v1",),  # fieldRef, volumeClaimTemplates
    "default": None,  # limits of a LimitRange, from each other
    "defaultRequest": None,
    "divisor": ("0",),
    "expirationSeconds": (3600,),
    "kind": ("PersistentVolumeClaim",),
    "matchPolicy": ("Equivalent",),
    "namespaceSelector": ({},),
    "objectSelector": ({},),
    "protocol": ("TCP",),
    "scope": ("*",),
    "status": None,  # volumeClaimTemplates, conditions of a podFailurePolicy
    "volumeMode": ("Filesystem",),
}
_PICKED = frozenset({"clusterIP", "healthCheckNodePort", "nodePort", "volumeName"})
"""What the server chooses once: "" and 0 say that it shall, and do not take the choice back."""


def is_same(desired: Any, live: Any, shape: Shape = UNKNOWN) -> bool:
    """Whether live says what desired says, in a field that has no parts of its own.

    Null, {} and [] may be absent, and so may false, 0 and "" where the kind is the server's own: it leaves them out.
    """
    live = MISSING if live is None else live
    if desired is None:
        return shape.is_builtin or live is MISSING or isinstance(live, Mapping) or live == []
    if isinstance(desired, (Mapping, list)) and (not desired or _is_of_nulls(desired, shape)):
        return _is_empty(desired, live, shape)
    if live is MISSING:
        return shape.is_builtin and desired in (False, 0, "")
    if isinstance(desired, list):
        items = zip(desired, live, strict=True) if isinstance(live, list) and len(desired) == len(live) else None
        return items is not None and all(is_same(one, other, shape.item) for one, other in items)
    return _is_same_scalar(desired, live, shape)


def is_filled_in(name: str, value: Any) -> bool:
    """Whether a field that Git does not name, inside a value that is written whole, is the server's own doing."""
    if value in (None, False, "", 0, {}, []):
        return True
    known = _FILLED_IN.get(name, ())
    return known is None or value in known


def is_picked(name: str, desired: Any) -> bool:
    """Whether Git leaves the choice of a value to the server."""
    return name in _PICKED and desired in ("", 0) and not isinstance(desired, bool)


def _is_of_nulls(desired: Any, shape: Shape) -> bool:
    """Whether an object says nothing: `metadata: {creationTimestamp: null}` is what many tools write."""
    return shape.is_builtin and isinstance(desired, Mapping) and all(value is None for value in desired.values())


def _is_empty(desired: Any, live: Any, shape: Shape) -> bool:
    if live is MISSING:
        may_be_absent = shape.form is Form.MAP or shape.type == "ObjectMeta"
        return not isinstance(desired, Mapping) or not shape.is_builtin or may_be_absent
    return isinstance(live, Mapping) if isinstance(desired, Mapping) else live in ([], {})


def _is_same_scalar(desired: Any, live: Any, shape: Shape) -> bool:
    if isinstance(desired, bool) is not isinstance(live, bool):
        return False
    if desired == live:
        return True
    read = _READERS.get(shape.values)
    return read is not None and read(desired) is not None and read(desired) == read(live)


def _quantity(value: Any) -> Decimal | None:
    found = None if isinstance(value, bool) else _QUANTITY.match(str(value))
    if found is None:
        return None
    number, suffix = Decimal(found[1]), found[2]
    if suffix in _BINARY:
        return number * (1 << _BINARY[suffix])
    exponent = _DECIMAL.get(suffix)
    return number.scaleb(int(suffix[1:]) if exponent is None else exponent)


def _time(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def _bytes(value: Any) -> bytes | None:
    try:
        return base64.b64decode(re.sub(r"\s", "", str(value)), validate=True)
    except (binascii.Error, ValueError):
        return None


_READERS = {Values.QUANTITY: _quantity, Values.TIME: _time, Values.BYTES: _bytes}
