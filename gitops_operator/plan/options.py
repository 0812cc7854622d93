"""The sync options: what may stand in syncPolicy.syncOptions and in an object's sync-options annotation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_ON = frozenset({"true"})
_SWITCH = frozenset({"true", "false"})
_KEEP = frozenset({"true", "false", "confirm"})

# What the engine does anyway is accepted with `true` only, so that moved manifests stay as they are.
OPTIONS: Mapping[str, frozenset[str]] = {
    "Prune": _KEEP,
    "Delete": _KEEP,
    "Validate": _SWITCH,
    "SkipDryRunOnMissingResource": _SWITCH,
    "PruneLast": _ON,
    "PruneFirst": _SWITCH,
    "Replace": _SWITCH,
    "Force": _SWITCH,
    "ServerSideApply": _ON,
    "ForceConflicts": _SWITCH,
    "ClientSideApplyMigration": _SWITCH,
    "ApplyOutOfSyncOnly": _ON,
    "RespectIgnoreDifferences": _ON,
    "FailOnSharedResource": _ON,
    "CreateNamespace": _SWITCH,
    "PrunePropagationPolicy": frozenset({"foreground", "background", "orphan"}),
}


def unknown_options(given: Iterable[str]) -> tuple[str, ...]:
    """The options that mean nothing here, in order of name."""
    return tuple(sorted(option for option in given if not _is_known(option)))


def _is_known(option: str) -> bool:
    name, _, value = option.partition("=")
    return value in OPTIONS.get(name, ())
