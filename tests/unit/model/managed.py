"""Objects with managedFields, built from who owns what."""

from collections.abc import Mapping
from typing import Any

OURS = "gitops-operator"


def entry(
    fields: Mapping[str, Any], manager: str = OURS, operation: str = "Apply", api_version: str = "v1", **more: str
) -> dict[str, Any]:
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": api_version,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
        **more,
    }


def live(*entries: Mapping[str, Any], **parts: Any) -> dict[str, Any]:
    metadata = {"name": "a", "namespace": "b", "uid": "u1", "resourceVersion": "7", "managedFields": list(entries)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata | parts.pop("metadata", {}), **parts}


def tree_of(value: Any) -> dict[str, Any]:
    """The fields of a manager that owns all of a value: objects granular, lists atomic."""
    if not isinstance(value, Mapping):
        return {}
    return {f"f:{name}": tree_of(inner) for name, inner in value.items()}
