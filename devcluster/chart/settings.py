"""The operator's settings as the chart takes them: in camel case, those left out that the chart decides itself."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from gitops_operator.settings import Settings

DECIDED_BY_THE_CHART = frozenset({"namespace", "data_folder", "advertised_host"})
# A container's port needs a number; there is no other free one to take.
_PORT = {"minimum": 1, "maximum": 65535}
_LIMITS = {"http_port": _PORT, "webhook_port": _PORT}
_MEANINGS = {
    "http_port": "Port of /healthz, /readyz and /metrics.",
    "webhook_port": "Port of /webhook, where Git servers tell of pushes.",
}


def schema_of_settings() -> Mapping[str, Any]:
    """A strict JSON schema."""
    properties = {camel(one.name): _schema(one) for one in offered()}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def rows_of_settings() -> Sequence[str]:
    """A row of a table for each."""
    return [f"| `{camel(one.name)}` | {_default(one.default)} | {_meaning(one)} |" for one in offered()]


def offered() -> Iterator["Field[Any]"]:
    """The fields of Settings that may be given."""
    yield from (one for one in fields(Settings) if one.name not in DECIDED_BY_THE_CHART)


def camel(name: str) -> str:
    """`poll_interval` → `pollInterval`."""
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def _schema(one: "Field[Any]") -> Mapping[str, Any]:
    types = {bool: "boolean", tuple: "array", int: "integer", float: "number", str: "string", Path: "string"}
    schema: dict[str, Any] = {"type": types[type(one.default)], "description": _meaning(one)}
    if schema["type"] == "array":
        schema["items"] = {"type": "string", "pattern": "^[^,\\s]+$"}  # commas separate them in the variable
    if "at_least" in one.metadata:
        schema["minimum"] = one.metadata["at_least"]
    if "choices" in one.metadata:
        schema["enum"] = list(one.metadata["choices"])
    return {**schema, **_LIMITS.get(one.name, {})}


def _meaning(one: "Field[Any]") -> str:
    return _MEANINGS.get(one.name) or str(one.metadata["says"])


def _default(value: object) -> str:
    if value in {"", ()}:
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
