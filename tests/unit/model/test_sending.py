"""What an apply sends, and whether our entry names all that Git wants."""

from typing import Any

import pytest

from gitops_operator.model.coverage import covers, uncovered
from gitops_operator.model.fields_v1 import Path
from gitops_operator.model.resource import Body, Resource, key_of
from gitops_operator.model.sending import body_to_send, stamped
from tests.unit.model.managed import entry, live

REPLICAS: Path = ("f:spec", "f:replicas")
PORT = 'k:{"port":80,"protocol":"TCP"}'


def desired(**parts: Any) -> Body:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "b"}, **parts}


def resource(**parts: Any) -> Resource:
    body = desired(**parts)
    return Resource(key_of(body), "v1", body, owner="x/y", digest="v1:00")


def sent(some: Resource, now: Body | None, *ignored: Path, migrates: bool = False) -> Body:
    return body_to_send(some, now, ignored, migrates=migrates)


def test_our_two_annotations_are_in_it_and_gits_stay() -> None:
    some = resource(metadata={"name": "a", "namespace": "b", "annotations": {"x": "y"}})
    assert stamped(some)["metadata"]["annotations"] == {
        "x": "y",
        "gitops-operator.io/tracking-id": "x/y:/ConfigMap:b/a",
        "gitops-operator.io/desired": "v1:00",
    }
    assert some.body["metadata"]["annotations"] == {"x": "y"}


def test_what_nobody_ignores_is_sent_as_git_has_it() -> None:
    some = resource(spec={"replicas": 3})
    assert sent(some, live(entry({"f:spec": {"f:replicas": {}}}), spec={"replicas": 9})) == stamped(some)
    assert sent(some, None, REPLICAS) == stamped(some)


def test_an_ignored_field_of_ours_keeps_its_live_value_and_is_fenced() -> None:
    """Leaving it out would delete it; a newer value must not be undone by the one that was read."""
    body = sent(
        resource(spec={"replicas": 3}), live(entry({"f:spec": {"f:replicas": {}}}), spec={"replicas": 9}), REPLICAS
    )
    assert body["spec"] == {"replicas": 9}
    assert body["metadata"]["resourceVersion"] == "7"


def test_an_ignored_field_that_others_own_is_left_out() -> None:
    now = live(entry({"f:spec": {"f:image": {}}}), spec={"replicas": 9, "image": "a"})
    body = sent(resource(spec={"replicas": 3, "image": "a"}), now, REPLICAS)
    assert body["spec"] == {"image": "a"}


def test_an_ignored_field_that_an_adoption_makes_ours_is_sent() -> None:
    now = live(entry({"f:spec": {"f:replicas": {}}}, "kubectl-create", "Update"), spec={"replicas": 9})
    assert sent(resource(spec={"image": "a"}), now, REPLICAS, migrates=True)["spec"] == {"image": "a", "replicas": 9}
    assert sent(resource(spec={"image": "a"}), now, REPLICAS)["spec"] == {"image": "a"}


def test_a_part_of_an_atomic_value_of_ours_keeps_its_live_value() -> None:
    now = live(entry({"f:spec": {"f:selector": {}}}), spec={"selector": {"app": "live", "tier": "x"}})
    path = ("f:spec", "f:selector", "f:app")
    assert sent(resource(spec={"selector": {"app": "git"}}), now, path)["spec"] == {"selector": {"app": "live"}}


def test_an_ignored_field_of_a_list_item_is_found_by_its_keys() -> None:
    fields: dict[str, Any] = {"f:spec": {"f:ports": {PORT: {".": {}, "f:port": {}, "f:nodePort": {}}}}}
    now = live(entry(fields), spec={"ports": [{"port": 80, "protocol": "TCP", "nodePort": 30080}]})
    some = resource(spec={"ports": [{"port": 80, "nodePort": 31000}]})
    path = ("f:spec", "f:ports", '~0:{"port": 80, "nodePort": 31000}', "f:nodePort")
    assert sent(some, now, path)["spec"] == {"ports": [{"port": 80, "nodePort": 30080}]}


@pytest.mark.parametrize(
    "fields, spec, missing",
    [
        ({"f:a": {}}, {"a": 1}, ()),
        ({"f:a": {}}, {"a": 1, "b": 2}, (("f:spec", "f:b"),)),
        ({"f:a": {}}, {"a": 1, "b": None}, (("f:spec", "f:b"),)),
        ({"f:a": {}}, {"a": 1, "b": {}}, (("f:spec", "f:b"),)),
        ({"f:a": {}}, {"a": 1, "b": []}, ()),
        ({"f:a": {"f:x": {}}}, {"a": {"x": 1, "y": 2}}, (("f:spec", "f:a", "f:y"),)),
        ({"f:ports": {PORT: {".": {}, "f:port": {}}}}, {"ports": [{"port": 80, "protocol": "TCP"}]}, "protocol"),
        ({"f:ports": {PORT: {".": {}, "f:port": {}}}}, {"ports": [{"port": 80}]}, ()),
        ({"f:ports": {PORT: {".": {}, "f:port": {}}}}, {"ports": [{"port": 80}, {"port": 81}]}, "i:1"),
        ({"f:set": {'v:"x"': {}}}, {"set": ["x"]}, ()),
        ({"f:set": {'v:"x"': {}}}, {"set": ["x", "y"]}, 'v:"y"'),
        ({"f:set": {"v:1": {}}}, {"set": [1.0]}, ()),
        ({"f:set": {"v:1": {}}}, {"set": [True]}, "v:true"),
    ],
)
def test_each_field_that_git_wants_must_be_in_our_entry(fields: Any, spec: Any, missing: Any) -> None:
    now = live(entry({"f:spec": fields}), spec=spec)
    found = uncovered(now, desired(spec=spec))
    if isinstance(missing, str):
        assert [path[-1].removeprefix("f:") for path in found] == [missing]
    else:
        assert found == missing
    assert covers(now, desired(spec=spec)) is (found == ())


def test_without_an_entry_or_with_one_of_another_version_the_whole_object_is_uncovered() -> None:
    assert uncovered(live(spec={}), desired(spec={})) == ((),)
    assert uncovered(live(entry({"f:spec": {}}, api_version="v2")), desired(spec={})) == ((),)


def test_an_atomic_value_is_covered_whole_unless_something_of_it_is_gone_or_taken() -> None:
    ours, spec = entry({"f:spec": {"f:sel": {}}}), {"sel": {"app": "a"}}
    assert covers(live(ours, spec=spec), desired(spec=spec))
    assert not covers(live(ours, spec={"sel": {}}), desired(spec=spec))
    taken = entry({"f:spec": {"f:sel": {"f:app": {}}}}, "other", "Update")
    assert not covers(live(ours, taken, spec=spec), desired(spec=spec))


def test_a_list_that_git_wants_empty_is_uncovered_when_somebody_filled_it() -> None:
    filled = entry({"f:spec": {"f:rules": {}}}, "other", "Update")
    assert not covers(live(entry({"f:spec": {}}), filled, spec={"rules": ["x"]}), desired(spec={"rules": []}))


def test_what_no_manager_owns_needs_no_cover() -> None:
    now = live(entry({"f:data": {"f:a": {}}}), data={"a": "1"})
    assert covers(now, desired(data={"a": "1"}, status={"x": 1}))
