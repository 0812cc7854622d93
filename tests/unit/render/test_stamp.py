"""What one Application adds to a render."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from gitops_operator.errors import RenderError
from gitops_operator.model.application import ApplicationKey, Directory
from gitops_operator.model.digest import same_digest
from gitops_operator.model.resource import DESIRED_DIGEST, TRACKING_ID, GroupKind
from gitops_operator.model.sending import stamped as with_annotations
from gitops_operator.render import render
from gitops_operator.render.stamp import Stamped, stamp
from tests.unit.render.trees import manifest, tree_of

APP = ApplicationKey("team-a", "shop")
WIDGET = GroupKind("example.com", "Widget")
KNOWN: Mapping[GroupKind, bool] = {
    GroupKind("", "ConfigMap"): True,
    GroupKind("", "Namespace"): False,
    GroupKind("apiextensions.k8s.io", "CustomResourceDefinition"): False,
}


def stamped(*manifests: str, namespace: str = "shop", installation: str = "") -> Stamped:
    rendered = render(tree_of({"apps/a.yaml": "---\n".join(manifests)}), "apps", Directory())
    return stamp(rendered, APP, installation, namespace, KNOWN.get)


def keys(found: Stamped) -> list[str]:
    return [str(resource.key) for resource in found.resources]


def definition(scope: str) -> str:
    spec = f"{{group: example.com, scope: {scope}, names: {{kind: Widget, plural: widgets}}}}"
    name = "widgets.example.com"
    return manifest("CustomResourceDefinition", name, "apiextensions.k8s.io/v1") + f"spec: {spec}\n"


def widget(**metadata: str) -> str:
    return manifest("Widget", "w", "example.com/v1", **metadata)


def test_objects_get_the_namespace_of_the_destination_unless_they_name_one() -> None:
    found = stamped(manifest(), manifest(name="b", namespace="other"), manifest("Namespace", "web"))
    assert keys(found) == ["ConfigMap shop/a", "ConfigMap other/b", "Namespace web"]
    assert [resource.body["metadata"].get("namespace") for resource in found.resources] == ["shop", "other", None]


def test_a_cluster_scoped_object_loses_its_namespace_with_a_warning() -> None:
    found = stamped(manifest("Namespace", "web", namespace="x"))
    assert keys(found) == ["Namespace web"]
    assert "namespace" not in found.resources[0].body["metadata"]
    assert [str(warning) for warning in found.warnings] == [
        "apps/a.yaml:1: a cluster-scoped object has no namespace; the one in the file is left out"
    ]


def test_without_any_namespace_each_object_that_needs_one_is_named() -> None:
    with pytest.raises(RenderError) as caught:
        stamped(manifest(), manifest("Namespace", "web"), manifest(name="b"), namespace="")
    assert [str(problem) for problem in caught.value.problems] == [
        "apps/a.yaml:1: ConfigMap a needs a namespace; neither the file nor the Application's destination names one",
        "apps/a.yaml:11: ConfigMap b needs a namespace; neither the file nor the Application's destination names one",
    ]


def test_objects_are_duplicates_when_their_namespaces_are_filled_in() -> None:
    with pytest.raises(RenderError, match=r"a\.yaml:6: ConfigMap shop/a stands twice; first in apps/a\.yaml:1"):
        stamped(manifest(), manifest(namespace="shop"))


def test_one_kind_in_two_versions_is_one_key() -> None:
    with pytest.raises(RenderError, match="stands twice"):
        stamped(widget(), widget().replace("/v1", "/v2"))


def test_a_kind_that_nobody_knows_is_taken_for_namespaced() -> None:
    found = stamped(widget())
    assert keys(found) == ["example.com/Widget shop/w"]
    assert found.unknown_kinds == {WIDGET}


@pytest.mark.parametrize(
    "scope, key", [("Cluster", "example.com/Widget w"), ("Namespaced", "example.com/Widget shop/w")]
)
def test_a_kind_whose_definition_comes_with_it_has_the_scope_that_it_says(scope: str, key: str) -> None:
    found = stamped(widget(), definition(scope))
    assert keys(found)[0] == key
    assert found.unknown_kinds == frozenset()


def test_a_definition_that_says_nothing_says_nothing_of_its_kind_either() -> None:
    broken = (
        manifest("CustomResourceDefinition", "x", "apiextensions.k8s.io/v1") + "spec: {names: text, scope: Cluster}\n"
    )
    assert keys(stamped(widget(), broken))[0] == "example.com/Widget shop/w"


def test_each_object_carries_its_tracking_id_and_digest_and_nothing_of_them_is_in_the_digest() -> None:
    (resource,) = stamped(manifest(), installation="blue").resources
    body = with_annotations(resource)
    assert body["metadata"]["annotations"] == {
        TRACKING_ID: "blue/team-a/shop:/ConfigMap:shop/a",
        DESIRED_DIGEST: resource.digest,
    }
    assert same_digest(resource.digest, body)
    assert "annotations" not in resource.body["metadata"]


def test_stamping_again_gives_the_same() -> None:
    assert stamped(manifest(), widget()) == stamped(manifest(), widget())


def test_a_body_that_is_still_the_same_is_not_hashed_again() -> None:
    tree = tree_of({"apps/a.yaml": "---\n".join([manifest(), manifest(name="b")])})
    rendered = render(tree, "apps", Directory())
    first = stamp(rendered, APP, "", "shop", KNOWN.get).resources
    marked = [replace(one, digest=f"{one.digest}-known") for one in first]
    assert stamp(rendered, APP, "", "shop", KNOWN.get, before=marked).resources == tuple(marked)


def test_in_another_namespace_it_is_another_body() -> None:
    rendered = render(tree_of({"apps/a.yaml": manifest()}), "apps", Directory())
    before = stamp(rendered, APP, "", "shop", KNOWN.get).resources
    after = stamp(rendered, APP, "", "store", KNOWN.get, before=before).resources
    assert after == stamp(rendered, APP, "", "store", KNOWN.get).resources
    assert after[0].digest != before[0].digest
