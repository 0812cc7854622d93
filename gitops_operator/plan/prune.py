"""What may be pruned at once."""

from __future__ import annotations

from gitops_operator.model.application import PruneLimit

_DEFAULT_PERCENT = 50
_SMALL = 10


def exceeds_limit(doomed: int, tracked: int, limit: PruneLimit | None) -> bool:
    """Whether pruning so many of the tracked objects needs somebody's word.

    Without a limit of its own: more than half of the objects when there are more than ten.
    """
    if limit is None:
        return tracked > _SMALL and doomed * 100 > tracked * _DEFAULT_PERCENT
    if limit.number is not None:
        return doomed > limit.number
    return doomed * 100 > tracked * (limit.percent or 0)


def limit_in_words(limit: PruneLimit | None) -> str:
    """The limit as a person says it."""
    if limit is None:
        return f"the default limit of {_DEFAULT_PERCENT} %"
    return f"the limit of {limit.number}" if limit.number is not None else f"the limit of {limit.percent} %"
