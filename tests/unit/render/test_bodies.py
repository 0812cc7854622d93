"""Desired objects out of the way: packed, on disk where there is one, and whole again when somebody looks."""

import json
import os
from pathlib import Path

from gitops_operator.model.resource import Body, Origin, Resource, key_of
from gitops_operator.render import Rendered
from gitops_operator.render.bodies import Bodies, PackedManifest, ShelvedManifest
from gitops_operator.render.spill import Spill


def body(name: str = "front", kind: str = "ConfigMap", **parts: object) -> Body:
    api_version = "apiextensions.k8s.io/v1" if kind == "CustomResourceDefinition" else "v1"
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "web"}, **parts}


def resource(some: Body) -> Resource:
    return Resource(key_of(some), some["apiVersion"], some, Origin("a.yaml", 1))


def shelved(bodies: Bodies, *some: Body) -> Rendered:
    return bodies.shelved(Rendered(tuple(bodies.packed(resource(one)) for one in some), (), "x"))


def test_a_packed_object_is_read_as_it_was() -> None:
    odd = body(data={"long": 2**70, "half": "\ud83d", "text": "käse", "float": 1e300, "none": None})
    assert Bodies().packed(resource(odd)).body == odd


def test_a_packed_object_equals_the_same_one_that_is_not() -> None:
    assert Bodies().packed(resource(body())) == Bodies().packed(resource(body()))
    assert Bodies().packed(resource(body())) != Bodies().packed(resource(body(data={"a": "b"})))


def test_a_render_on_disk_is_read_as_it_was(tmp_path: Path) -> None:
    some = [body(f"settings-{number}", data={"key": "x" * number}) for number in range(200)]
    rendered = shelved(Bodies(tmp_path), *some)
    assert {type(one.content) for one in rendered.resources} == {ShelvedManifest}
    assert [one.body for one in rendered.resources] == some


def test_nothing_is_left_of_it_when_the_process_ends(tmp_path: Path) -> None:
    rendered = shelved(Bodies(tmp_path), body())
    assert list(tmp_path.iterdir()) == []
    assert rendered.resources[0].body == body()


def test_secrets_stay_in_memory(tmp_path: Path) -> None:
    rendered = shelved(Bodies(tmp_path), body(kind="Secret", data={"password": "aHVudGVy"}), body())
    assert [type(one.content) for one in rendered.resources] == [PackedManifest, ShelvedManifest]


def test_definitions_stay_at_hand(tmp_path: Path) -> None:
    definition = resource(body("tops.example.com", "CustomResourceDefinition"))
    assert Bodies(tmp_path).packed(definition) is definition


def test_a_disk_that_takes_nothing_leaves_all_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    rendered = shelved(Bodies(tmp_path / "file"), body())
    assert [one.body for one in rendered.resources] == [body()]
    assert [type(one.content) for one in rendered.resources] == [PackedManifest]


def test_what_nobody_holds_makes_room_for_the_next(tmp_path: Path) -> None:
    spill = Spill(tmp_path)
    kept = spill.put(b"k" * 10)
    for _ in range(100):
        extent = spill.put(os.urandom(1000))
        assert extent is not None
        del extent
    assert spill.size <= 1010
    assert kept is not None
    assert kept.read(0, 10) == b"k" * 10


def test_freed_neighbours_are_one_place_again(tmp_path: Path) -> None:
    spill = Spill(tmp_path)
    extents = [spill.put(b"x" * 100) for _ in range(10)]
    last = spill.put(b"y")
    extents.clear()
    assert spill.put(b"z" * 1000) is not None
    assert (spill.size, last is not None) == (1001, True)


def test_an_object_says_its_namespace_also_where_the_file_did_not() -> None:
    some = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "front"}}
    placed = Resource(key_of(some)._replace(namespace="web"), "v1", some)
    assert json.dumps(placed.body["metadata"]) == '{"name": "front", "namespace": "web"}'
    assert some["metadata"] == {"name": "front"}
