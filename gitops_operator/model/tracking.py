"""The tracking id: which Application an object belongs to, written on the object itself.

`[<installation>/]<app-namespace>/<app-name>:<group>/<kind>:<namespace>/<name>`. Operators copy annotations to what they
make, so an id counts only on the very object that it names.
"""

from __future__ import annotations

from typing import NamedTuple

from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.resource import ResourceKey, tracking_text


class Tracker(NamedTuple):
    """Whose an object is, as its tracking id says; `installation` is "" where one operator works on the cluster."""

    installation: str
    namespace: str
    name: str

    @property
    def application(self) -> ApplicationKey:
        """The Application that the object belongs to."""
        return ApplicationKey(self.namespace, self.name)


class TrackingId(NamedTuple):
    """A tracking id taken apart."""

    tracker: Tracker
    key: ResourceKey

    def __str__(self) -> str:
        return tracking_id(self.tracker.installation, self.tracker.application, self.key)


def tracking_id(installation: str, app: ApplicationKey, key: ResourceKey) -> str:
    """The text of the annotation."""
    return tracking_text(owner_of(installation, app), key)


def owner_of(installation: str, app: ApplicationKey) -> str:
    """The part of it that all objects of an Application have in common."""
    return f"{installation}/{app}" if installation else str(app)


def parse_tracking_id(text: str) -> TrackingId | None:
    """A tracking id taken apart, or None where the text is not one of ours."""
    owner, found, rest = text.partition(":")
    kind_text, found_name, object_text = rest.partition(":")  # the names of RBAC objects may hold colons themselves
    group, slash, kind = kind_text.partition("/")
    namespace, slash_name, name = object_text.partition("/")
    owners = owner.split("/")
    if not (found and found_name and slash and slash_name and kind and name):
        return None
    if len(owners) not in {2, 3} or not all(owners):
        return None
    installation = owners[0] if len(owners) == 3 else ""
    return TrackingId(Tracker(installation, *owners[-2:]), ResourceKey(group, kind, namespace, name))


def counts_on(tracking: TrackingId | None, key: ResourceKey) -> bool:
    """Whether a tracking id says something about the object that carries it."""
    return tracking is not None and tracking.key == key
