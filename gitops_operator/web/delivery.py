"""One webhook as it comes in, and what is answered to it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from gitops_operator.model.push import Push

PASSED_ON = "x-gitops-operator-passed-on"
"""The header that says that another replica has passed a delivery on."""


class Result(StrEnum):
    """What became of a delivery; the word in the metric."""

    ACCEPTED = "accepted"
    UNMATCHED = "unmatched"
    IGNORED = "ignored"
    PASSED_ON = "passed_on"
    UNCONFIGURED = "unconfigured"
    REFUSED = "refused"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    BUSY = "busy"


class Delivery(NamedTuple):
    """Header names are in lower case; `explain` asks for what is understood of it."""

    headers: Mapping[str, str]
    body: bytes
    explain: bool = False


class Answer(NamedTuple):
    """With the HTTP status."""

    status: int
    text: str
    result: Result
    content_type: str = "text/plain"


def explained(push: Push, looked_at: Sequence[str]) -> str:
    """What is understood of a push, in JSON."""
    understood = {
        "repositories": push.repositories,
        "revision": push.revision,
        "changed": push.changed,
        "references": push.references,
        "lookedAt": looked_at,
    }
    return json.dumps(understood) + "\n"
