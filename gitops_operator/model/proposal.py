"""A sync that waits for somebody's approval: what it would do, and what comes of that."""

from __future__ import annotations

from typing import NamedTuple

from gitops_operator.model.change import Action, Change


class Awaited(NamedTuple):
    """The changes that an approval is asked for, and how many hooks run with them; `digest` stands for all of it."""

    digest: str
    changes: tuple[Change, ...]
    hooks: int = 0

    def count(self, action: Action) -> int:
        """How many changes are of a kind."""
        return sum(change.action is action for change in self.changes)


class Consequences(NamedTuple):
    """Sentences: the workloads that restart, those that keep on running with old settings, and what is lost."""

    restarts: tuple[str, ...] = ()
    not_restarted: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()


class Proposal(NamedTuple):
    """What a person is to approve."""

    awaited: Awaited
    consequences: Consequences
