"""The words that an object's sync-options annotation may hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_SWITCH = frozenset(("true", "false"))
_KNOWN: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(
        (
            "ApplyOutOfSyncOnly",
            "ClientSideApplyMigration",
            "CreateNamespace",
            "FailOnSharedResource",
            "Force",
            "ForceConflicts",
            "PruneFirst",
            "PruneLast",
            "Replace",
            "RespectIgnoreDifferences",
            "ServerSideApply",
            "SkipDryRunOnMissingResource",
            "Validate",
        ),
        _SWITCH,
    ),
    "Delete": _SWITCH | {"confirm"},
    "Prune": _SWITCH | {"confirm"},
    "PrunePropagationPolicy": frozenset(("foreground", "background", "orphan")),
}


def unknown_options(options: Iterable[str]) -> list[str]:
    """A sentence for each option word that nobody acts on."""
    return [sentence for option in sorted(options) if (sentence := _complaint(option))]


def _complaint(option: str) -> str:
    name, _, value = option.partition("=")
    if name not in _KNOWN:
        return f"the sync option {option!r} is not known and has no effect"
    if value not in _KNOWN[name]:
        return f"the sync option {option!r} has no effect: {name} takes {', '.join(sorted(_KNOWN[name]))}"
    return ""
