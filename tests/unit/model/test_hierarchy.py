from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_operator.model.hierarchy import OwnerRef, claims_of, is_claim_of, owners_of

DEPLOYMENT_UID = "5b2c9a6e-5a52-4a0b-9a38-1b0f3f7f2a10"
NAMES = st.text("ab0-.", min_size=1, max_size=6)


def test_owner_references_are_owners() -> None:
    reference = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "web",
        "uid": DEPLOYMENT_UID,
        "controller": True,
    }
    assert owners_of(live("apps/v1", "ReplicaSet", ownerReferences=[reference])) == (
        OwnerRef("apps", "Deployment", "web", DEPLOYMENT_UID, controller=True),
    )


def test_an_owner_that_is_no_controller_is_an_owner_too() -> None:
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "parent", "uid": "1"}
    assert owners_of(live("v1", "Secret", ownerReferences=[reference])) == (OwnerRef("", "ConfigMap", "parent", "1"),)


def test_an_object_without_owners_has_none() -> None:
    assert owners_of(live("v1", "ConfigMap")) == ()
    assert owners_of(live("v1", "ConfigMap", ownerReferences=None)) == ()


def test_endpoints_belong_to_the_service_of_their_name() -> None:
    assert owners_of(live("v1", "Endpoints")) == (OwnerRef("", "Service", "web"),)


def test_endpoints_with_an_owner_belong_to_it_alone() -> None:
    reference = {"apiVersion": "example.com/v1", "kind": "Gateway", "name": "edge", "uid": "7"}
    assert owners_of(live("v1", "Endpoints", ownerReferences=[reference])) == (
        OwnerRef("example.com", "Gateway", "edge", "7"),
    )


def test_an_endpoints_kind_of_another_group_has_no_inferred_owner() -> None:
    assert owners_of(live("example.com/v1", "Endpoints")) == ()


def test_a_token_belongs_to_its_service_account() -> None:
    annotations = {"kubernetes.io/service-account.name": "builder", "kubernetes.io/service-account.uid": "42"}
    secret = live("v1", "Secret", annotations=annotations) | {"type": "kubernetes.io/service-account-token"}
    assert owners_of(secret) == (OwnerRef("", "ServiceAccount", "builder", "42"),)


def test_a_token_that_has_not_been_filled_yet_belongs_to_its_account_by_name() -> None:
    secret = live("v1", "Secret", annotations={"kubernetes.io/service-account.name": "builder"})
    assert owners_of(secret | {"type": "kubernetes.io/service-account-token"}) == (
        OwnerRef("", "ServiceAccount", "builder"),
    )


@pytest.mark.parametrize("kind", ["Opaque", "kubernetes.io/tls", None])
def test_another_secret_that_names_an_account_belongs_to_nobody(kind: str | None) -> None:
    secret = live("v1", "Secret", annotations={"kubernetes.io/service-account.name": "builder"})
    assert owners_of(secret | {"type": kind}) == ()


def test_a_cluster_service_version_belongs_to_its_operator_group() -> None:
    version = live(
        "operators.coreos.com/v1alpha1", "ClusterServiceVersion", annotations={"olm.operatorGroup": "global"}
    )
    assert owners_of(version) == (OwnerRef("operators.coreos.com", "OperatorGroup", "global"),)
    assert owners_of(live("operators.coreos.com/v1alpha1", "ClusterServiceVersion")) == ()


def test_the_claims_of_a_stateful_set_are_those_of_its_templates() -> None:
    patterns = claims_of(stateful_set("web", "data", "logs"))
    assert is_claim_of("data-web-0", patterns)
    assert is_claim_of("logs-web-12", patterns)


@pytest.mark.parametrize(
    "name",
    [
        "other-data-web-0",  # of a set web with a template other-data
        "data-web-0-0",  # of a set web-0
        "data-web-0-backup",
        "data-web-",
        "data-web",
        "data-web-x",
        "data-web-01",
        "data-web-0\n",
        "data-webb-0",
        "cache-web-0",
    ],
)
def test_a_name_that_only_contains_a_claims_name_is_another_claim(name: str) -> None:
    assert not is_claim_of(name, claims_of(stateful_set("web", "data")))


def test_a_dot_in_the_name_of_a_set_is_a_dot() -> None:
    patterns = claims_of(stateful_set("web.v1", "data"))
    assert is_claim_of("data-web.v1-0", patterns)
    assert not is_claim_of("data-web-v1-0", patterns)


@pytest.mark.parametrize("spec", [None, {}, {"volumeClaimTemplates": None}, {"volumeClaimTemplates": []}])
def test_a_set_without_templates_makes_no_claims(spec: dict[str, Any] | None) -> None:
    assert claims_of(live("apps/v1", "StatefulSet") | {"spec": spec}) == ()


@given(template=NAMES, name=NAMES, ordinal=st.integers(0, 10_000))
def test_every_claim_that_a_set_makes_is_its_own(template: str, name: str, ordinal: int) -> None:
    assert is_claim_of(f"{template}-{name}-{ordinal}", claims_of(stateful_set(name, template)))


def live(api_version: str, kind: str, **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "web", "namespace": "shop", **metadata}}


def stateful_set(name: str, *templates: str) -> dict[str, Any]:
    spec = {"volumeClaimTemplates": [{"metadata": {"name": template}} for template in templates]}
    return live("apps/v1", "StatefulSet") | {"metadata": {"name": name, "namespace": "shop"}, "spec": spec}
