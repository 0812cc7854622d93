"""What a cluster says, in memory: every object it holds as far as the engine needs it, and what an event moves."""

from gitops_operator.live.moves import Cause, Moves, Wake
from gitops_operator.live.store import Store

__all__ = ["Cause", "Moves", "Store", "Wake"]
