"""The plan that waits for an approval, as status shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gitops_operator.model.change import Action
from gitops_operator.model.proposal import Proposal
from gitops_operator.model.revision import Revision
from gitops_operator.status.bounds import first_that_fit, shortened

_ROOM, _LONGEST = 2048, 512


def plan_stanza(proposal: Proposal, revision: Revision | None) -> dict[str, Any]:
    """Counts that are 0 stand there, too: whoever approves looks for them."""
    found, after = proposal
    stanza = {
        "digest": found.digest,
        "revisions": [revision.sha] if revision else [],
        **{
            action.value: found.count(action) for action in (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.PRUNE)
        },
        "hooks": found.hooks,
    }
    sentences = {"restarts": after.restarts, "notRestarted": after.not_restarted, "losses": after.losses}
    return stanza | {name: _some(lines) for name, lines in sentences.items() if lines}


def _some(lines: Sequence[str]) -> list[str]:
    """As many as there is room for, and how many there are besides."""
    fitting = first_that_fit([shortened(line, _LONGEST) for line in lines], _ROOM)
    rest = len(lines) - len(fitting)
    return [*fitting, f"And {rest} more."] if rest else fitting
