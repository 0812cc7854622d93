"""The sync options: what may stand in syncPolicy.syncOptions and in an object's sync-options annotation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

_ON = frozenset({"true"})
_SWITCH = frozenset({"true", "false"})
_KEEP = frozenset({"true", "false", "confirm"})


class Option(NamedTuple):
    """The values of an option, and whether it may stand on the Application, on an object, or on both."""

    values: frozenset[str]
    on_application: bool = True
    on_object: bool = True


# What the engine does anyway is accepted with `true` only, so that moved manifests stay as they are.
OPTIONS: Mapping[str, Option] = {
    "Prune": Option(_KEEP),
    "Delete": Option(_KEEP),
    "Validate": Option(_SWITCH),
    "SkipDryRunOnMissingResource": Option(_SWITCH),
    "PruneLast": Option(_ON),
    "PruneFirst": Option(_SWITCH, on_object=False),
    "Replace": Option(_SWITCH),
    "Force": Option(_SWITCH),
    "ServerSideApply": Option(_ON),
    "ForceConflicts": Option(_SWITCH),
    "ClientSideApplyMigration": Option(_SWITCH, on_object=False),
    "ApplyOutOfSyncOnly": Option(_ON, on_object=False),
    "RespectIgnoreDifferences": Option(_ON, on_object=False),
    "FailOnSharedResource": Option(_ON, on_object=False),
    "CreateNamespace": Option(_SWITCH, on_object=False),
    "PrunePropagationPolicy": Option(frozenset({"foreground", "background", "orphan"}), on_object=False),
}


def unknown_options(of_application: Iterable[str], of_objects: Iterable[str]) -> tuple[str, ...]:
    """The options that mean nothing where they stand, in order of name."""
    lost = {option for option in of_application if not _means(option, on_object=False)}
    return tuple(sorted(lost | {option for option in of_objects if not _means(option, on_object=True)}))


def _means(option: str, *, on_object: bool) -> bool:
    name, _, value = option.partition("=")
    known = OPTIONS.get(name)
    if known is None or value not in known.values:
        return False
    return known.on_object if on_object else known.on_application
