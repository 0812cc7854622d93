"""The small texts by which objects are known: keys, waves, options, durations, digests, tracking ids."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.digest import canonical_json, desired_digest, same_digest
from gitops_operator.model.duration import seconds_of
from gitops_operator.model.resource import (
    DESIRED_DIGEST,
    TRACKING_ID,
    GroupKind,
    Origin,
    Resource,
    ResourceKey,
    key_of,
    options_of,
    wave_of,
)
from gitops_operator.model.tracking import Tracker, TrackingId, counts_on, parse_tracking_id, tracking_id

APP = ApplicationKey("argocd", "shop")
NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9.]{0,8}[a-z0-9])?", fullmatch=True)


@pytest.mark.parametrize(
    "text, seconds",
    [("90s", 90), ("5m", 300), ("1h30m", 5400), ("250ms", 0.25), ("1.5h", 5400), ("7", 7), ("2d", 172800), (" 3s ", 3)],
)
def test_durations_are_written_as_in_go(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "5 m", "-5s", "5x", "s", "5mx", "1h 30m"])
def test_what_is_no_duration_is_an_error_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 90s, 5m or 1h30m"):
        seconds_of(text)


@pytest.mark.parametrize(
    "annotations, wave",
    [
        ({}, 0),
        ({"gitops-operator.io/sync-wave": "5"}, 5),
        ({"argocd.argoproj.io/sync-wave": "-3"}, -3),
        ({"helm.sh/hook-weight": "+2"}, 2),
        ({"argocd.argoproj.io/sync-wave": "1", "gitops-operator.io/sync-wave": "2"}, 2),
        ({"helm.sh/hook-weight": "1", "argocd.argoproj.io/sync-wave": "2"}, 2),
    ],
)
def test_the_wave_is_that_of_the_annotation_nearest_to_us(annotations: dict[str, str], wave: int) -> None:
    assert wave_of(annotations) == wave


@pytest.mark.parametrize("text", ["", "first", "1.5", " 1", "1 ", "1e3", "0x1", "9999999999", "１"])
def test_a_wave_that_is_no_integer_names_annotation_and_value(text: str) -> None:
    with pytest.raises(ValueError, match=r"annotation argocd\.argoproj\.io/sync-wave: '.*' is not an integer"):
        wave_of({"argocd.argoproj.io/sync-wave": text})


def test_options_of_both_prefixes_count() -> None:
    annotations = {
        "argocd.argoproj.io/sync-options": "Prune=false, Replace=true,,",
        "gitops-operator.io/sync-options": "Force=true",
    }
    assert options_of(annotations) == {"Prune=false", "Replace=true", "Force=true"}
    assert options_of({"argocd.argoproj.io/compare-options": "IgnoreExtraneous"}, "compare-options") == {
        "IgnoreExtraneous"
    }


def test_the_key_of_an_object_has_no_version() -> None:
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "namespace": "b"}}
    assert key_of(body) == ResourceKey("apps", "Deployment", "b", "a")
    assert key_of({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}) == ResourceKey("", "Node", "", "n")


def test_objects_are_written_as_people_write_them() -> None:
    key = ResourceKey("apps", "Deployment", "web", "front")
    assert str(key) == "apps/Deployment web/front"
    assert str(ResourceKey("", "Namespace", "", "web")) == "Namespace web"
    assert str(GroupKind("", "Pod")) == "Pod"
    assert str(Resource(key, "apps/v1", {}, Origin("a.yaml", 3))) == "apps/Deployment web/front (a.yaml:3)"


@given(
    installation=st.just("") | NAMES,
    app=st.builds(ApplicationKey, NAMES, NAMES),
    key=st.builds(ResourceKey, st.just("") | NAMES, NAMES, st.just("") | NAMES, NAMES | st.just("system:a:b")),
)
def test_a_tracking_id_comes_back_whole(installation: str, app: ApplicationKey, key: ResourceKey) -> None:
    text = tracking_id(installation, app, key)
    found = parse_tracking_id(text)
    assert found == TrackingId(Tracker(installation, *app), key)
    assert str(found) == text
    assert counts_on(found, key)


@given(st.text(max_size=30))
def test_no_text_makes_the_tracking_id_raise(text: str) -> None:
    found = parse_tracking_id(text)
    assert found is None or str(found) == text


def test_a_tracking_id_counts_on_no_other_object() -> None:
    key = ResourceKey("apps", "Deployment", "web", "front")
    found = parse_tracking_id(tracking_id("", APP, key))
    assert not counts_on(found, key._replace(name="copy"))
    assert not counts_on(found, key._replace(kind="ReplicaSet"))
    assert not counts_on(None, key)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(spec=JSON)
def test_a_digest_does_not_depend_on_order_or_on_what_we_stamp(spec: Any) -> None:
    plain = {"metadata": {"name": "a", "annotations": {"x": "y"}}, "spec": spec}
    stamps = {TRACKING_ID: "b", DESIRED_DIGEST: "v1:00"}
    other = {"spec": spec, "metadata": {"annotations": {**stamps, "x": "y"}, "name": "a"}}
    assert desired_digest(plain) == desired_digest(other)
    assert same_digest(desired_digest(plain), other)


def test_annotations_of_ours_alone_are_as_good_as_none() -> None:
    bare = {"metadata": {"name": "a"}}
    assert desired_digest(bare) == desired_digest({"metadata": {"name": "a", "annotations": {TRACKING_ID: "b"}}})
    assert desired_digest(bare) == desired_digest({"metadata": {"name": "a", "annotations": None}})


@pytest.mark.parametrize("one, other", [(1, "1"), (1, True), ([], {}), (None, ""), ([1, 2], [2, 1]), ({"a": None}, {})])
def test_what_differs_has_another_digest(one: object, other: object) -> None:
    assert desired_digest({"spec": one}) != desired_digest({"spec": other})


def test_the_digest_of_an_object_never_changes_with_the_operator() -> None:
    """Another one would apply the whole fleet again: a new algorithm gets a new version word."""
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"é": "1"}}
    assert desired_digest(body) == "v1:bb56e65a776a8c359545c9f8db38e5bd85057c14"
    assert same_digest("v1:bb56e65a776a8c359545c9f8db38e5bd85057c14", body)


@pytest.mark.parametrize("stored", ["", "v1", "v1:", "v0:abc", "nonsense"])
def test_a_digest_of_an_unknown_kind_is_no_match(stored: str) -> None:
    assert not same_digest(stored, {"metadata": {"name": "a"}})


def test_half_a_surrogate_pair_has_a_digest_too() -> None:
    assert canonical_json({"a": "\ud800"})
