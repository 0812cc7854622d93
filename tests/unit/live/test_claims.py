"""Whose an object is: our tracking id where it names the object, and what others write on it."""

from typing import Any

import pytest

from gitops_operator.model.live import ForeignOwner
from tests.unit.live.objects import APP, CONFIG_MAP, DEPLOYMENT, body, filled, key, raw, seen, store, tracked

KEY = key(DEPLOYMENT, "front")
ARGO = "argocd.argoproj.io/tracking-id"
OURS = "gitops-operator.io/tracking-id"


def labelled(**metadata: Any) -> dict[str, Any]:
    return body(DEPLOYMENT, metadata=metadata)


def test_a_tracking_id_that_names_another_object_does_not_count() -> None:
    copied = tracked(DEPLOYMENT)["metadata"]["annotations"]
    some = filled((DEPLOYMENT, body(DEPLOYMENT, "copy", metadata={"annotations": copied})))
    assert seen(some, key(DEPLOYMENT, "copy")).tracking is None
    assert list(some.tracked_by(APP)) == []


@pytest.mark.parametrize("text", ["", "nonsense", "a/b", "a/b:c", "a/b:c:d", "::", "shop:apps/Deployment:web/front"])
def test_a_broken_tracking_id_is_none(text: str) -> None:
    assert seen(filled((DEPLOYMENT, labelled(annotations={OURS: text}))), KEY).tracking is None


def test_an_object_of_another_installation_is_its() -> None:
    some = filled((DEPLOYMENT, tracked(DEPLOYMENT, installation="blue")))
    live = seen(some, KEY)
    assert (live.tracking, live.foreign_owner) == (None, ForeignOwner("GitOps operator blue", "argocd/shop"))


def test_an_object_of_our_own_installation_is_ours() -> None:
    some = store(installation="blue")
    some.changed(DEPLOYMENT, raw(tracked(DEPLOYMENT, installation="blue")))
    assert seen(some, KEY).foreign_owner is None
    assert [live.key for live in some.tracked_by(APP)] == [KEY]


@pytest.mark.parametrize(
    "metadata, owner",
    [
        ({"annotations": {ARGO: "guestbook:apps/Deployment:web/front"}}, ForeignOwner("Argo CD", "guestbook")),
        ({"annotations": {ARGO: "guestbook:apps/Deployment:web/other"}}, None),
        ({"annotations": {ARGO: "guestbook:apps/Deployment:db/front"}}, None),
        (
            {
                "labels": {
                    "kustomize.toolkit.fluxcd.io/name": "shop",
                    "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
                }
            },
            ForeignOwner("Flux", "flux-system/shop"),
        ),
        (
            {"labels": {"helm.toolkit.fluxcd.io/name": "shop", "helm.toolkit.fluxcd.io/namespace": "web"}},
            ForeignOwner("Flux", "web/shop"),
        ),
        ({"labels": {"app.kubernetes.io/managed-by": "Helm"}}, None),
    ],
    ids=["argo", "argo's other object", "argo's other namespace", "kustomize controller", "helm controller", "helm"],
)
def test_other_tools_claim_objects_by_their_marks(metadata: dict[str, Any], owner: ForeignOwner | None) -> None:
    assert seen(filled((DEPLOYMENT, labelled(**metadata))), KEY).foreign_owner == owner


def test_bodies_are_held_of_tracked_objects_only() -> None:
    some = filled((DEPLOYMENT, tracked(DEPLOYMENT, spec={"replicas": 1})), (CONFIG_MAP, body(CONFIG_MAP)))
    held = some.body(KEY)
    assert held is not None
    assert held["spec"] == {"replicas": 1}
    assert some.body(key(CONFIG_MAP, "front")) is None


def test_an_object_with_a_label_of_ours_is_held_whole_too() -> None:
    labels = {"gitops-operator.io/secret-type": "repository"}
    some = filled((CONFIG_MAP, body(CONFIG_MAP, metadata={"labels": labels}, data={"url": "x"})))
    assert some.body(key(CONFIG_MAP, "front"))


@pytest.mark.parametrize("number", [0, 31, 32, 39])
def test_bodies_come_back_whole_before_and_after_a_kind_has_its_dictionary(number: int) -> None:
    made = [tracked(DEPLOYMENT, f"d{index}", index + 1, spec={"n": index, "text": "é" * 50}) for index in range(40)]
    some = filled(*((DEPLOYMENT, each) for each in made))
    assert some.body(key(DEPLOYMENT, f"d{number}")) == made[number]


def test_a_stored_body_shows_nothing_of_what_it_holds() -> None:
    some = filled((DEPLOYMENT, tracked(DEPLOYMENT, spec={"password": "hunter2"})))
    assert "hunter2" not in repr(seen(some, KEY).body)


def test_each_read_of_a_body_is_a_value_of_its_own() -> None:
    stored = seen(filled((DEPLOYMENT, tracked(DEPLOYMENT, spec={"a": 1}))), KEY).body
    assert stored is not None
    assert stored.load() is not stored.load()


def test_only_the_annotations_that_the_engine_reads_are_held() -> None:
    annotations = {
        "argocd.argoproj.io/sync-options": "Prune=false",
        "helm.sh/resource-policy": "keep",
        "gitops-operator.io/handover": "argocd/blog",
        "example.com/large": "x" * 100,
    }
    some = filled((DEPLOYMENT, tracked(DEPLOYMENT, metadata={"annotations": annotations})))
    assert set(seen(some, KEY).annotations) == annotations.keys() - {"example.com/large"}
