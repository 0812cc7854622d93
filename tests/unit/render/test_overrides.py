"""What an Application sets over a kustomization: what `kustomize edit` would make of the file."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_operator.model.packaging import Kustomize, Patch, Replicas
from gitops_operator.render.overrides import ORIGINS, OverrideError, edited

BEFORE: dict[str, Any] = {"resources": ["a.yaml"]}


def made(overrides: Kustomize, **before: Any) -> dict[str, Any]:
    """The fields that differ from the kustomization."""
    content = edited({**BEFORE, **before}, overrides)
    assert content.pop("buildMetadata") == [ORIGINS]
    return {name: value for name, value in content.items() if value != {**BEFORE, **before}.get(name)}


def refused(overrides: Kustomize, **before: Any) -> str:
    with pytest.raises(OverrideError) as caught:
        edited({**BEFORE, **before}, overrides)
    return str(caught.value)


def test_without_overrides_only_the_origins_are_asked_for() -> None:
    assert made(Kustomize()) == {}


def test_origins_that_git_asks_for_stay() -> None:
    assert edited({"buildMetadata": [ORIGINS, "managedByLabel"]}, Kustomize()) == {
        "buildMetadata": [ORIGINS, "managedByLabel"]
    }


def test_prefix_suffix_and_namespace_replace_those_of_the_file() -> None:
    overrides = Kustomize(name_prefix="a-", name_suffix="-z", namespace="web")
    assert made(overrides, namePrefix="b-") == {"namePrefix": "a-", "nameSuffix": "-z", "namespace": "web"}


@pytest.mark.parametrize(
    "text, entry",
    [
        ("web:2", {"name": "web", "newTag": "2"}),
        ("web=shop/web:2", {"name": "web", "newName": "shop/web", "newTag": "2"}),
        ("web=localhost:5000/web", {"name": "web", "newName": "localhost:5000/web"}),
        ("localhost:5000/web:2", {"name": "localhost:5000/web", "newTag": "2"}),
        ("web@sha256:ab", {"name": "web", "digest": "sha256:ab"}),
        ("web=shop:2@sha256:ab", {"name": "web", "newName": "shop", "newTag": "2", "digest": "sha256:ab"}),
    ],
)
def test_an_image_is_read_as_kustomize_reads_it(text: str, entry: dict[str, str]) -> None:
    assert made(Kustomize(images=(text,))) == {"images": [entry]}


@pytest.mark.parametrize("text", ["web", "=web:2", "web="])
def test_an_image_that_sets_nothing_is_refused(text: str) -> None:
    assert repr(text) in refused(Kustomize(images=(text,)))


def test_an_image_of_the_file_is_replaced_and_the_others_stay() -> None:
    before = [{"name": "web", "newName": "shop/web", "newTag": "1"}, {"name": "db", "newTag": "5"}]
    assert made(Kustomize(images=("web:2",)), images=before) == {"images": [before[1], {"name": "web", "newTag": "2"}]}


def test_a_star_keeps_what_the_file_has() -> None:
    before = [{"name": "web", "newName": "shop/web", "newTag": "1"}]
    assert made(Kustomize(images=("web=*:2",)), images=before) == {
        "images": [{"name": "web", "newName": "shop/web", "newTag": "2"}]
    }


def test_replicas_are_set_by_name() -> None:
    before = [{"name": "web", "count": 1}, {"name": "db", "count": 1}]
    assert made(Kustomize(replicas=(Replicas("web", 3),)), replicas=before) == {
        "replicas": [{"name": "db", "count": 1}, {"name": "web", "count": 3}]
    }


def test_labels_and_annotations_join_those_of_the_file() -> None:
    overrides = Kustomize(labels={"team": "red"}, annotations={"note": "hello"})
    assert made(overrides, commonLabels={"app": "web"}) == {
        "commonLabels": {"app": "web", "team": "red"},
        "commonAnnotations": {"note": "hello"},
    }


def test_a_label_that_the_file_has_is_refused_with_what_to_do() -> None:
    words = refused(Kustomize(labels={"app": "x"}), commonLabels={"app": "web"})
    assert "app stands in commonLabels of the kustomization already; forceCommonLabels: true replaces it" in words


def test_a_label_that_the_file_has_is_replaced_by_force() -> None:
    overrides = Kustomize(labels={"app": "x"}, force_labels=True)
    assert made(overrides, commonLabels={"app": "web"}) == {"commonLabels": {"app": "x"}}


def test_an_annotation_that_the_file_has_is_refused_unless_forced() -> None:
    note, before = {"note": "x"}, {"commonAnnotations": {"note": "y"}}
    assert "forceCommonAnnotations" in refused(Kustomize(annotations=note), **before)
    assert made(Kustomize(annotations=note, force_annotations=True), **before) == {"commonAnnotations": note}


def test_labels_without_selectors_are_an_entry_of_their_own() -> None:
    overrides = Kustomize(labels={"team": "red"}, label_without_selector=True, label_templates=True)
    before = [{"pairs": {"app": "web"}}]
    assert made(overrides, labels=before) == {"labels": [*before, {"pairs": {"team": "red"}, "includeTemplates": True}]}
    assert "app stands in labels" in refused(Kustomize(labels={"app": "x"}, label_without_selector=True), labels=before)


def test_components_and_patches_are_added() -> None:
    overrides = Kustomize(
        components=("../extra",),
        patches=(Patch(path="p.yaml", target={"kind": "Pod", "name": ""}, options={"allowNameChange": True}),),
    )
    assert made(overrides, components=["one"]) == {
        "components": ["one", "../extra"],
        "patches": [{"path": "p.yaml", "target": {"kind": "Pod"}, "options": {"allowNameChange": True}}],
    }
