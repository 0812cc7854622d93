"""What somebody else does to the objects of an Application, and whether they are as they were."""

import copy
import json
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, NamedTuple

from tests.cluster.kube import EDITOR, Json, Kube, KubeError

_ATOMIC = ("rules", "args", "command", "ingress", "policyTypes", "accessModes", "verbs", "resources")
_OTHERS = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields")
_KEYS = frozenset({"name", "mountPath", "containerPort", "port", "protocol", "type", "key", "ip"})
"""Fields that an item of a list is known by: with another one it is another item, which is nobody's business."""
_TRIES = 40
Place = tuple[str | int, ...]


class Meddled(NamedTuple):
    """One change that the API server took; `text` says which."""

    kind: str
    name: str
    namespace: str
    text: str
    before: Json

    def is_healed(self, kube: Kube) -> bool:
        found = kube.find(self.kind, self.name, self.namespace)
        return found is not None and essence(found) == self.before


def essence(body: Mapping[str, Any]) -> Json:
    """What of an object is nobody's bookkeeping; the order of items that have a name does not count."""
    metadata = {name: value for name, value in body["metadata"].items() if name not in _OTHERS}
    # Controllers count in annotations, and a new ReplicaSet is no harm.
    metadata["annotations"] = {
        name: value
        for name, value in (metadata.get("annotations") or {}).items()
        if not name.startswith("deployment.kubernetes.io/")
    }
    rest = {name: value for name, value in body.items() if name not in {"metadata", "status"}}
    ordered: Json = _ordered({**rest, "metadata": metadata})
    return ordered


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _ordered(inner) for name, inner in value.items()}
    if isinstance(value, list):
        items = [_ordered(item) for item in value]
        named = bool(items) and all(isinstance(item, dict) and "name" in item for item in items)
        return sorted(items, key=json.dumps) if named else items
    return value


def meddle(kube: Kube, desired: Json, namespace: str, how: str, random: Random) -> Meddled | None:
    """Change, remove or add to one field that Git says, picked by chance among those that the server takes.

    None when there is none: a Namespace has nothing to change, a RoleBinding's role cannot be, a Job may have gone.
    """
    kind, name = f"{desired['apiVersion'].rpartition('/')[0]}/{desired['kind']}", desired["metadata"]["name"]
    before = kube.find(kind, name, namespace)
    if before is None:  # a Job with a time to live
        return None
    candidates = list(_candidates(_said(desired), how))
    for place, value in random.sample(candidates, min(_TRIES, len(candidates))):
        changed = copy.deepcopy(before)
        if not _put(changed, place, how, value):
            continue
        try:
            after = kube.replace(kind, changed, EDITOR)
        except KubeError as error:
            if error.status in {400, 403, 409, 422}:
                continue
            raise
        if essence(after) != essence(before):
            return Meddled(kind, name, namespace, f"{how} {'.'.join(map(str, place))}", essence(before))
    return None


def _said(desired: Json) -> Json:
    """What Git says less identity; a Secret's words become what the server makes of them."""
    said = {
        name: value for name, value in desired.items() if name not in {"apiVersion", "kind", "metadata", "stringData"}
    }
    metadata = {name: desired["metadata"][name] for name in ("labels", "annotations") if desired["metadata"].get(name)}
    if "stringData" in desired:
        said["data"] = dict.fromkeys(desired["stringData"], "")
    return {**said, **({"metadata": metadata} if metadata else {})}


def _candidates(value: Any, how: str, above: Place = ()) -> Iterator[tuple[Place, Any]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        place: Place = (*above, step)
        if how == "added" and isinstance(inner, list) and inner and step in _ATOMIC:
            yield place, inner
        if how != "added" and not isinstance(inner, dict | list) and not (step in _KEYS and _is_item(above)):
            yield place, inner
        yield from _candidates(inner, how, place)


def _is_item(place: Place) -> bool:
    return bool(place) and isinstance(place[-1], int)


def _put(body: Json, place: Place, how: str, value: Any) -> bool:
    """Whether live has the place at all; defaulting may have moved it."""
    inner: Any = body
    for step in place[:-1]:
        try:
            inner = inner[step]
        except (KeyError, IndexError):
            return False
    last: Any = place[-1]
    if isinstance(inner, dict) and last not in inner:
        return False
    if how == "removed":
        del inner[last]
    elif how == "added":
        inner[last] = [*inner[last], inner[last][0]] if isinstance(value[0], dict) else [*inner[last], "foreign"]
    else:
        inner[last] = _other(inner[last])
    return True


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return f"{value}eA==" if isinstance(value, str) and len(value) % 4 == 0 else f"{value}x"
