"""Whether the Applications that one depends on are Ready for the newest that is known of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gitops_operator.model.application import Application, ApplicationKey
from gitops_operator.model.resource import Body


class Dependency(NamedTuple):
    """One of them; `application` is None where there is none, `is_current` says that it has seen its newest commit."""

    key: ApplicationKey
    application: Application | None
    is_current: bool


def waits_for(dependencies: Iterable[Dependency]) -> str:
    """A sentence for each dependency that is not Ready. Of its state one word: more of it would move all the time."""
    lacking = ((dependency.key, _lack(dependency)) for dependency in dependencies)
    return "\n".join(f"It depends on Application {key}, which {lack}." for key, lack in lacking if lack)


def _lack(dependency: Dependency) -> str:
    application = dependency.application
    if application is None:
        return "does not exist"
    if application.is_going:
        return "is being deleted"
    ready = _ready(application)
    if not ready or application.status.get("observedGeneration") != application.generation:
        return "has not been looked at in its newest form"
    if ready["status"] != "True":
        return f"is not Ready ({ready['reason']})"
    return "" if dependency.is_current else "has not been compared with its newest commit yet"


def _ready(application: Application) -> Body:
    conditions = application.status.get("conditions") or ()
    return next((one for one in conditions if one["type"] == "Ready"), {})
