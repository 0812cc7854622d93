"""What the server answers to a delete."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from gitops_operator.errors import ClusterError


class Deletion(NamedTuple):
    """`is_going`: the answer is the object with its deletionTimestamp; otherwise the object of this UID is gone."""

    is_going: bool
    uid: str


class _Details(msgspec.Struct):
    uid: str = ""


class _Metadata(msgspec.Struct, rename="camel"):
    uid: str = ""
    deletion_timestamp: str | None = None


class _Answer(msgspec.Struct):
    kind: str = ""
    details: _Details = msgspec.field(default_factory=_Details)
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


_ANSWER = msgspec.json.Decoder(_Answer)


def read_deletion(answer: bytes, uid: str) -> Deletion:
    """The answer to a delete of the object with a UID ("" not known); no answer is a 404.

    Some kinds answer with their last state instead of a Status: without a deletionTimestamp it is gone all the same.
    """
    if not answer:
        return Deletion(is_going=False, uid=uid)
    try:
        read = _ANSWER.decode(answer)
    except msgspec.DecodeError as error:
        raise ClusterError(f"the answer to a delete cannot be read: {error}") from error
    if read.kind == "Status":
        return Deletion(is_going=False, uid=read.details.uid or uid)
    return Deletion(is_going=read.metadata.deletion_timestamp is not None, uid=read.metadata.uid or uid)
