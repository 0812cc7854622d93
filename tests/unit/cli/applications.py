"""Applications as a cluster shows them."""

from datetime import UTC, datetime
from typing import Any

NOW = datetime(2027, 1, 1, 12, 0, tzinfo=UTC)
AN_HOUR_AGO = "2027-01-01T11:00:00Z"
SHA = "0123456789" * 4


def condition(kind: str, status: str, reason: str = "", message: str = "") -> dict[str, str]:
    return {"type": kind, "status": status, "reason": reason or kind, "message": message}


def application(*conditions: dict[str, str], **parts: Any) -> dict[str, Any]:
    """One that is in sync and healthy. Parts: `metadata`, `spec`, `status` (merged in), and `operation`."""
    status = {
        "observedGeneration": 2,
        "sync": {"status": "Synced", "revisions": [SHA], "since": AN_HOUR_AGO},
        "health": {"status": "Healthy", "since": AN_HOUR_AGO},
        "conditions": list(conditions) or [condition("Ready", "True"), condition("Synced", "True")],
        **parts.pop("status", {}),
    }
    metadata = {"namespace": "gitops", "name": "shop", "generation": 2, **parts.pop("metadata", {})}
    spec = {"source": {"repoURL": "https://git.example.com/shop"}, "destination": {}, **parts.pop("spec", {})}
    return {"metadata": metadata, "spec": spec, "status": status, **parts}
