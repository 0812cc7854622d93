"""Manifests that projects publish, as sources; they lie beside the checkout of the project's developers."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops_operator.errors import RenderError
from gitops_operator.model.application import ApplicationKey, Directory
from gitops_operator.model.resource import GroupKind
from gitops_operator.render import render
from gitops_operator.render.stamp import Stamped, stamp
from tests.unit.render.trees import tree_of

PUBLISHED = Path(__file__).parents[4] / "shared" / "fixtures" / "published"
CLUSTER_SCOPED = {
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "IngressClass",
    "Namespace",
    "ValidatingWebhookConfiguration",
}
pytestmark = pytest.mark.skipif(not PUBLISHED.exists(), reason="the shared fixtures are not beside the checkout")


def stamped(folder: str, **options: bool | str) -> Stamped:
    path = PUBLISHED / folder
    files = {f"{folder}/{file.relative_to(path).as_posix()}": file.read_bytes() for file in path.rglob("*.y*ml")}
    rendered = render(tree_of(files), folder, Directory(**options))  # type: ignore[arg-type] # each test names its own
    return stamp(rendered, ApplicationKey("team-a", "shop"), "", "shop", is_namespaced)


def is_namespaced(kind: GroupKind) -> bool:
    return kind.kind not in CLUSTER_SCOPED


@pytest.mark.parametrize(
    "folder, options, count",
    [
        ("argo-cd", {}, 59),
        ("ingress-nginx", {"include": "cloud.yaml"}, 19),
        ("ingress-nginx", {"include": "{kind,none}.yaml"}, 19),
        ("ingress-nginx", {"exclude": "{aws*,cloud.yaml,kind.yaml}"}, 19),
        ("podinfo/deploy/webapp", {"recurse": True}, 11),
        ("podinfo/deploy/secure", {"recurse": True}, 13),
        ("podinfo/kustomize", {"exclude": "kustomization.yaml"}, 3),
    ],
    ids=str,
)
@pytest.mark.timeout(20)  # Argo CD's definitions are a megabyte
def test_published_manifests_render_without_a_word(folder: str, options: dict[str, bool | str], count: int) -> None:
    found = stamped(folder, **options)
    assert len(found.resources) == count
    assert found.warnings == ()
    assert all(resource.key.namespace for resource in found.resources if is_namespaced(resource.key.group_kind))


def test_variants_of_one_product_in_one_folder_are_named_as_duplicates() -> None:
    with pytest.raises(RenderError) as caught:
        stamped("ingress-nginx")
    assert "ingress-nginx/baremetal.yaml:1: Namespace ingress-nginx stands twice; first in " in str(caught.value)
    assert len(caught.value.problems) == 3 * 19


def test_what_only_the_server_refuses_renders() -> None:
    """It has two container ports of one key, which a server-side apply answers with 500 (drift.md)."""
    assert len(stamped("ingress-nginx", include="aws-nlb-tls.yaml").resources) == 19


@pytest.mark.parametrize(
    "folder, what",
    [
        ("podinfo/kustomize", "a kustomization, and not plain manifests"),
        ("podinfo/charts/podinfo", "a Helm chart, which this version does not render"),
    ],
)
def test_what_needs_a_tool_says_so(folder: str, what: str) -> None:
    with pytest.raises(RenderError, match=f"the folder is {what}") as caught:
        stamped(folder)
    assert caught.value.reason == "UnsupportedSource"
