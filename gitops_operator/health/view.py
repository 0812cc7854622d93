"""Reading a live object's fields: absent or null is the default, another type than Kubernetes gives is an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gitops_operator.health.facts import NO_FACTS, Facts
from gitops_operator.model.condition import Condition
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.resource import Body, GroupKind, group_of


class MalformedError(Exception):
    """A field that has not the type that its kind gives it."""


@dataclass(frozen=True, slots=True)
class View:
    """A live object, or a part of one, and what is known around it. Paths are dotted: `status.readyReplicas`."""

    body: Body
    facts: Facts = NO_FACTS

    def text(self, path: str) -> str:
        """The string at the path, "" without one."""
        return _text(path, self._at(path))

    def number(self, path: str, default: int = 0) -> int:
        """The integer at the path."""
        value = self._at(path)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool):
            raise _malformed(path, "a whole number", value)
        return value

    def flag(self, path: str) -> bool:
        """The boolean at the path, False without one."""
        value = self._at(path)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise _malformed(path, "true or false", value)
        return value

    def mapping(self, path: str) -> Mapping[str, Any]:
        """The object at the path, empty without one."""
        value = self._at(path)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise _malformed(path, "an object", value)
        return value

    def entries(self, path: str) -> Sequence[Any]:
        """The list at the path, empty without one."""
        value = self._at(path)
        if value is None:
            return ()
        if not isinstance(value, (list, tuple)):
            raise _malformed(path, "a list", value)
        return value

    def views(self, path: str) -> list[View]:
        """The objects of the list at the path."""
        entries = self.entries(path)
        for entry in entries:
            if not isinstance(entry, Mapping):
                raise _malformed(path, "a list of objects", entry)
        return [View(entry) for entry in entries]

    @property
    def group_kind(self) -> GroupKind:
        """The kind, whatever its version."""
        return GroupKind(group_of(self.text("apiVersion")), self.text("kind"))

    def annotation(self, name: str) -> str:
        """The value of the annotation, "" without one."""
        return _text(f"annotation {name}", self.mapping("metadata.annotations").get(name))

    def conditions(self) -> dict[str, Condition]:
        """The conditions of the status by type; of two of one type the first."""
        return conditions_by_type(self.views("status.conditions"))

    def behind(self) -> Health | None:
        """Progressing while the controller has not observed the newest spec (never observed counts as 0)."""
        generation = self.number("metadata.generation")
        observed = self.number("status.observedGeneration")
        if observed >= generation:
            return None
        return progressing(f"Waiting for generation {generation} to be observed, the latest observed is {observed}")

    def _at(self, path: str) -> object:
        value: object = self.body
        parts = path.split(".")
        for depth, part in enumerate(parts):
            if value is None:
                return None
            if not isinstance(value, Mapping):
                raise _malformed(".".join(parts[:depth]), "an object", value)
            value = value.get(part)
        return value


def conditions_by_type(entries: list[View]) -> dict[str, Condition]:
    """Kubernetes' conditions by their type; of two of one type the first."""
    found: dict[str, Condition] = {}
    for entry in entries:
        condition = Condition(entry.text("type"), entry.text("status"), entry.text("reason"), entry.text("message"))
        found.setdefault(condition.type, condition)
    return found


def is_true(condition: Condition | None) -> bool:
    """Whether the condition is there and holds."""
    return condition is not None and condition.status == "True"


def explain(condition: Condition) -> str:
    """What a condition says, in its own words."""
    return condition.message or condition.reason


def healthy(message: str = "") -> Health:
    """All is as wanted."""
    return Health(HealthStatus.HEALTHY, message)


def suspended(message: str) -> Health:
    """Somebody asked for a pause."""
    return Health(HealthStatus.SUSPENDED, message)


def progressing(message: str) -> Health:
    """On its way."""
    return Health(HealthStatus.PROGRESSING, message)


def degraded(message: str) -> Health:
    """It has failed, or does not get there by waiting."""
    return Health(HealthStatus.DEGRADED, message)


def unknown(message: str) -> Health:
    """It cannot be told."""
    return Health(HealthStatus.UNKNOWN, message)


def _text(path: str, value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _malformed(path, "text", value)
    return value


def _malformed(path: str, wanted: str, found: object) -> MalformedError:
    shown = "an object" if isinstance(found, Mapping) else "a list" if isinstance(found, list) else repr(found)
    return MalformedError(f"{path} should be {wanted} and is {shown}")
