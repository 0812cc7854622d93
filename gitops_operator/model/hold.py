"""The version that an Application is kept at though Git has a newer one: after a failed atomic sync, or a rollback."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gitops_operator.model.resource import Body


@dataclass(frozen=True, slots=True)
class Held:
    """An entry of the history, and why and for how long the Application is kept at it.

    `source` is the source as it was written, `since` (RFC 3339) is when that sync ended. After a failed atomic sync
    `refused` is the commit that failed, `message` why, and `inputs` the digest of the newest inputs at that time: newer
    ones end the hold. Where a person asked for it `inputs` is empty, `by` names the person, and only a person ends it.
    """

    entry: int
    revision: str
    source: Body = field(hash=False)
    since: str = ""
    inputs: str = ""
    refused: str = ""
    message: str = ""
    by: str = ""

    @property
    def is_asked_for(self) -> bool:
        """Whether a person wants it, rather than a failure."""
        return not self.inputs


def held_at(entry: Body, **more: str) -> Held:
    """A hold of one entry of the history."""
    return Held(entry["id"], entry["revisions"][0], entry["sources"][0], entry.get("deployedAt", ""), **more)


def parse_held(stanza: Body | None) -> Held | None:
    """The hold that status stores."""
    if not stanza:
        return None
    return Held(
        entry=stanza.get("entry", 0),
        revision=stanza.get("revision", ""),
        source=stanza.get("source") or {},
        since=stanza.get("since", ""),
        inputs=stanza.get("inputs", ""),
        refused=stanza.get("refused", ""),
        message=stanza.get("message", ""),
        by=stanza.get("by", ""),
    )


def held_stanza(held: Held) -> dict[str, Any]:
    """A hold as status stores it."""
    stanza = {
        "entry": held.entry,
        "revision": held.revision,
        "source": held.source,
        "since": held.since,
        "inputs": held.inputs,
        "refused": held.refused,
        "message": held.message,
        "by": held.by,
    }
    return {name: value for name, value in stanza.items() if value}
