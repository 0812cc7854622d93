"""Whether a cluster equals Git after the churn, and who was written oftener than there was a reason."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tests.cluster.churn_fleet import PLURALS, Fleet, Key, Member
from tests.cluster.gateway import Write
from tests.cluster.kube import Json, Kube
from tests.cluster.operator import NAMESPACE
from tests.cluster.scene import APPLICATION, TRACKING

_NOT_IN_LISTS = {"apiVersion", "kind", "stringData"}


def unready(kube: Kube, fleet: Fleet) -> dict[str, str]:
    """The members that are not Ready at the newest commit, with what they say."""
    seen = {one["metadata"]["name"]: one for one in kube.list(APPLICATION, NAMESPACE)}
    told = {member.name: _why_not(seen.get(member.name), member) for member in fleet.members if member.exists}
    gone = dict.fromkeys(seen.keys() - told.keys(), "it is still there")
    return gone | {name: why for name, why in told.items() if why}


def _why_not(seen: Json | None, member: Member) -> str:
    if seen is None:
        return "there is no such Application"
    status = seen.get("status") or {}
    conditions = {one["type"]: one for one in status.get("conditions") or ()}
    ready = conditions.get("Ready", {"status": "", "message": "no condition"})
    if ready["status"] != "True" or ready["observedGeneration"] != seen["metadata"]["generation"]:
        return str(ready["message"] or ready)
    revisions: list[str] = status["sync"]["revisions"]
    return "" if member.is_same(revisions[0]) else f"it is at {revisions}"


def differences(kube: Kube, fleet: Fleet) -> list[str]:
    """Between Git and the cluster, as an outsider sees them."""
    live = {(kind, *_place(body)): body for kind in PLURALS for body in kube.list(kind)}
    found = [told for member in fleet.members if member.exists for told in _of_member(member, live)]
    wanted = {
        (body["kind"], _namespace(body, member), body["metadata"]["name"])
        for member in fleet.members
        if member.exists
        for body in member.files.values()
    }
    tracked = {place for place, body in live.items() if _tracker(body) and place[0] != "Namespace"}
    return found + [f"{' '.join(place)} is tracked and not in Git" for place in tracked - wanted]


def _of_member(member: Member, live: Mapping[tuple[str, str, str], Json]) -> Iterator[str]:
    for body in member.files.values():
        place = (body["kind"], _namespace(body, member), body["metadata"]["name"])
        had = live.get(place)
        if had is None:
            yield f"{' '.join(place)} of {member.name} is missing"
        elif not _tracker(had).startswith(f"{NAMESPACE}/{member.name}:"):
            yield f"{' '.join(place)} is tracked by {_tracker(had)!r}, not by {member.name}"
        else:
            said = {name: value for name, value in body.items() if name not in _NOT_IN_LISTS}
            yield from (f"{' '.join(place)} of {member.name}: {told}" for told in _lacks(said, had, ""))


def _lacks(wanted: Any, had: Any, path: str) -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(had, dict):
        for name, value in wanted.items():
            yield from _lacks(value, had.get(name), f"{path}.{name}")
    elif isinstance(wanted, list) and isinstance(had, list) and len(wanted) == len(had):
        for index, value in enumerate(wanted):
            yield from _lacks(value, had[index], f"{path}[{index}]")
    elif wanted != had:
        yield f"{path} is {had!r}, not {wanted!r}"


def _namespace(body: Json, member: Member) -> str:
    return "" if body["kind"] == "CustomResourceDefinition" else member.namespace


def _place(body: Json) -> tuple[str, str]:
    return body["metadata"].get("namespace", ""), body["metadata"]["name"]


def _tracker(body: Json) -> str:
    return str((body["metadata"].get("annotations") or {}).get(TRACKING, ""))


def excess(writes: list[Write], fleet: Fleet) -> dict[Key, int]:
    """The objects that were written oftener than there was a reason, and how much oftener."""
    counts = Counter(key for key in map(key_of_write, writes) if key.plural in PLURALS.values())
    return {key: count - fleet.causes[key] for key, count in counts.items() if count > fleet.causes[key]}


def key_of_write(write: Write) -> Key:
    parts = write.path.strip("/").split("/")
    namespace = parts[parts.index("namespaces") + 1] if "namespaces" in parts[:-2] else ""
    return Key(parts[-2], namespace, parts[-1])


def story_of(key: Key, writes: list[Write], fleet: Fleet) -> str:
    """Reasons and writes of one object, in order."""
    reasons = [(at, why) for at, why, keys in fleet.story if key in keys]
    done = [(one.at, f"{one.method} {one.status}") for one in writes if key_of_write(one) == key]
    begin = fleet.story[0][0]
    lines = [f"  {at - begin:7.1f} s  {what}" for at, what in sorted([*reasons, *done])]
    return "\n".join([f"{key.plural} {key.namespace}/{key.name}", *lines])
