"""`kubectl gitops diff` of files: objects that others applied, as the real API server stores them."""

import io
import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from devcluster.cluster import DevCluster
from gitops_operator.cli.batch import answer_batch
from gitops_operator.cli.console import Console
from gitops_operator.cli.offline.diff import answer
from tests.adapters.law_objects import GIZMOS, real

pytestmark = pytest.mark.cluster

Json = dict[str, Any]
Step = str | int
# What names an item of a list, or the object: another value is another item.
KEYS = {"apiVersion", "kind", "name", "namespace", "port", "containerPort", "protocol", "mountPath", "ip", "key"}
CLIENT_SIDE = ("apply",)
OTHER_MANAGER = ("apply", "--server-side", "--field-manager=other")
OURS = ("apply", "--server-side", "--field-manager=gitops-operator")


def objects(namespace: str) -> list[Json]:
    found = [json.loads(json.dumps(dict(manifest))) for manifest in real()]
    for body in found:
        body["metadata"]["namespace"] = namespace
    return found


def stored(devcluster: DevCluster, bodies: list[Json], *apply: str) -> list[Json]:
    """What the server holds of these after a kubectl apply."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": bodies})
    devcluster.kubectl(*apply, "-f", "-", stdin=text)
    held: list[Json] = json.loads(
        devcluster.kubectl("get", "-f", "-", "-o", "json", "--show-managed-fields", stdin=text)
    )["items"]
    return held


def answers(cases: list[Json]) -> list[Json]:
    """Through the batch form, as another program would ask."""
    lines = "".join(json.dumps(case) + "\n" for case in cases).encode()
    out = io.StringIO()
    answer_batch("-", answer, Console(io.BytesIO(lines), out, sys.stderr, {}))
    return [json.loads(line) for line in out.getvalue().splitlines()]


def told(cases: list[Json]) -> dict[str, Json]:
    """The answers that say anything but that all is as it should be."""
    nothing = {"action": "none", "differences": []}
    return {found["id"]: found for found in answers(cases) if found != {"id": found["id"], **nothing}}


def pairs(desired: list[Json], live: list[Json], *, bare: bool) -> list[Json]:
    held = [{**there, "metadata": {**there["metadata"], **({"managedFields": None} if bare else {})}} for there in live]
    return [
        {"id": f"{wanted['kind']} {wanted['metadata']['name']}", "desired": wanted, "live": there}
        for wanted, there in zip(desired, held, strict=True)
    ]


@pytest.mark.parametrize("apply", [CLIENT_SIDE, OTHER_MANAGER, OURS], ids=["kubectl", "another manager", "ours"])
@pytest.mark.parametrize("bare", [False, True], ids=["with managedFields", "without"])
def test_nothing_differs_from_what_was_applied(
    devcluster: DevCluster, namespace: str, apply: tuple[str, ...], bare: bool
) -> None:
    devcluster.apply(json.dumps(GIZMOS))
    devcluster.established(GIZMOS["metadata"]["name"])
    desired = objects(namespace)
    assert told(pairs(desired, stored(devcluster, desired, *apply), bare=bare)) == {}


@pytest.mark.parametrize("bare", [False, True], ids=["with managedFields", "without"])
def test_of_each_field_that_git_changes_exactly_that_field_is_told(
    devcluster: DevCluster, namespace: str, bare: bool
) -> None:
    desired = [body for body in objects(namespace) if body["kind"] != "Gizmo"]
    live = stored(devcluster, desired, *OTHER_MANAGER)
    wrong = []
    for case in pairs(desired, live, bare=bare):
        places = list(leaves(case["desired"], ()))
        changed = [
            {"id": str(number), "desired": with_other_value(case["desired"], place), "live": case["live"]}
            for number, place in enumerate(places)
        ]
        for place, found in zip(places, answers(changed), strict=True):
            if [one["path"].endswith(named(place)) for one in found["differences"]] != [True]:
                wrong.append((case["id"], place, found))
    assert wrong == []


def leaves(value: Any, above: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    """The places of all values that are no keys and hold no others."""
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        if isinstance(item, dict | list):
            yield from leaves(item, (*above, step))
        elif step not in KEYS and item is not None and isinstance(step, str):
            yield (*above, step)


def with_other_value(body: Json, place: tuple[Step, ...]) -> Json:
    copy: Json = json.loads(json.dumps(body))
    parent: Any = copy
    for step in place[:-1]:
        parent = parent[step]
    value = parent[place[-1]]
    parent[place[-1]] = not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else f"{value}7"
    return copy


def named(place: tuple[Step, ...]) -> tuple[str, str]:
    """How the text of a path to this field may end."""
    return f".{place[-1]}", f"[{json.dumps(place[-1])}]"
