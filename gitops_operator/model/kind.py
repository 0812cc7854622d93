"""What a cluster serves: kinds, their versions and how well each is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from gitops_operator.model.resource import GroupKind


class Kind(NamedTuple):
    """One kind in one served version."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: frozenset[str] = frozenset()

    @property
    def group_kind(self) -> GroupKind:
        """The kind without its version."""
        return GroupKind(self.group, self.kind)

    @property
    def api_version(self) -> str:
        """As manifests write it: `apps/v1`, `v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All kinds of a cluster.

    `preferred` has one version a kind; `served` every (apiVersion, kind); `stale` the groups whose discovery failed:
    what is known of them is old, and a kind of theirs that is absent here may exist all the same.
    """

    preferred: Mapping[GroupKind, Kind] = field(default_factory=dict)
    served: Mapping[tuple[str, str], Kind] = field(default_factory=dict)
    stale: frozenset[str] = frozenset()


class KindState(StrEnum):
    """How well the cache knows the objects of a kind."""

    READY = "Ready"
    CATCHING_UP = "CatchingUp"
    BROKEN = "Broken"
    EXCLUDED = "Excluded"
    UNKNOWN = "Unknown"


class KindStatus(NamedTuple):
    """The state of one kind in the cache and, when it is broken, why."""

    state: KindState
    message: str = ""
