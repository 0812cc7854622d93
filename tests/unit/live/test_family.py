"""Who made whom, and whom the health of a descendant wakes."""

from typing import Any

import pytest

from gitops_operator.live import Store
from gitops_operator.model.kind import Kind
from gitops_operator.model.resource import ResourceKey
from tests.unit.live.objects import (
    APP,
    CLAIM,
    CONFIG_MAP,
    DEPLOYMENT,
    OTHER,
    POD,
    REPLICA_SET,
    SECRET,
    SERVICE_ACCOUNT,
    STATEFUL_SET,
    body,
    filled,
    key,
    owned_by,
    raw,
    store,
    tracked,
    wakes,
)

ENDPOINTS = Kind("", "v1", "Endpoints", "endpoints", namespaced=True)
SERVICE = Kind("", "v1", "Service", "services", namespaced=True)
GROUP = Kind("operators.coreos.com", "v1", "OperatorGroup", "operatorgroups", namespaced=True)
CSV = Kind("operators.coreos.com", "v1alpha1", "ClusterServiceVersion", "clusterserviceversions", namespaced=True)
NODE = Kind("", "v1", "Node", "nodes", namespaced=False)
FINE, BAD = {"health": "Healthy"}, {"health": "Degraded"}


def pod(version: int = 1, name: str = "front-x-1", owner: str = "front-x", **parts: Any) -> bytes:
    return raw(body(POD, name, version, metadata=owned_by(REPLICA_SET, owner), **parts))


def rollout(app: bool = True) -> Store:
    """A Deployment with its ReplicaSet and a healthy Pod."""
    some = store()
    some.changed(DEPLOYMENT, raw(tracked(DEPLOYMENT) if app else body(DEPLOYMENT)))
    some.changed(REPLICA_SET, raw(body(REPLICA_SET, "front-x", metadata=owned_by(DEPLOYMENT, "front"))))
    some.changed(POD, pod(status=FINE))
    return some


def names(objects: Any) -> list[str]:
    return sorted(live.key.name for live in objects)


def test_children_are_found_by_the_uid_of_their_owner() -> None:
    some = rollout()
    assert names(some.children(key(DEPLOYMENT, "front"))) == ["front-x"]
    assert names(some.descendants(key(DEPLOYMENT, "front"))) == ["front-x", "front-x-1"]


def test_a_child_may_come_before_its_owner() -> None:
    some = filled((POD, body(POD, "early", metadata=owned_by(REPLICA_SET, "late"))))
    some.changed(REPLICA_SET, raw(body(REPLICA_SET, "late")))
    assert names(some.children(key(REPLICA_SET, "late"))) == ["early"]


def test_an_owner_of_the_same_name_and_another_uid_is_no_owner() -> None:
    some = filled((REPLICA_SET, body(REPLICA_SET, "front-x", uid="new")), (POD, body(POD, metadata=owned_by(POD, "z"))))
    some.changed(POD, raw(body(POD, "old", metadata=owned_by(REPLICA_SET, "front-x", uid="old"))))
    assert names(some.children(key(REPLICA_SET, "front-x"))) == []


def test_an_owner_may_have_no_namespace() -> None:
    some = filled((NODE, body(NODE, "n1")), (POD, body(POD, "static", metadata=owned_by(NODE, "n1"))))
    assert names(some.descendants(key(NODE, "n1"))) == ["static"]


def test_a_child_that_is_gone_or_changes_its_owner_is_no_child() -> None:
    some = rollout()
    some.changed(POD, pod(2, owner="other"))
    assert names(some.children(key(REPLICA_SET, "front-x"))) == []
    some.changed(POD, pod(3))
    some.deleted(POD, pod(4))
    assert names(some.children(key(REPLICA_SET, "front-x"))) == []


def test_owners_in_a_circle_end_the_walk() -> None:
    one = body(CONFIG_MAP, "one", metadata=owned_by(CONFIG_MAP, "two"))
    two = body(CONFIG_MAP, "two", metadata=owned_by(CONFIG_MAP, "one"))
    some = filled((CONFIG_MAP, one), (CONFIG_MAP, two))
    assert names(some.descendants(key(CONFIG_MAP, "one"))) == ["two"]


@pytest.mark.parametrize(
    "owner, owner_name, kind, child",
    [
        (SERVICE, "front", ENDPOINTS, body(ENDPOINTS, "front")),
        (
            SERVICE_ACCOUNT,
            "bot",
            SECRET,
            body(
                SECRET,
                "bot-token",
                type="kubernetes.io/service-account-token",
                metadata={"annotations": {"kubernetes.io/service-account.name": "bot"}},
            ),
        ),
        (GROUP, "all", CSV, body(CSV, "tool.v1", metadata={"annotations": {"olm.operatorGroup": "all"}})),
        (STATEFUL_SET, "db", CLAIM, body(CLAIM, "data-db-0")),
    ],
    ids=["endpoints", "token", "cluster service version", "claim"],
)
def test_owners_that_kubernetes_leaves_out_are_inferred(owner: Kind, owner_name: str, kind: Kind, child: Any) -> None:
    spec = {"volumeClaimTemplates": [{"metadata": {"name": "data"}}]}
    some = filled((owner, body(owner, owner_name, spec=spec)), (kind, child))
    assert names(some.children(key(owner, owner_name))) == [child["metadata"]["name"]]


def test_a_claim_of_a_set_with_a_longer_name_is_not_ours() -> None:
    spec = {"volumeClaimTemplates": [{"metadata": {"name": "data"}}]}
    some = filled((STATEFUL_SET, body(STATEFUL_SET, "db", spec=spec)))
    for name in ("data-db-x-0", "old-data-db-0", "data-db-01", "data-db-", "data-db"):
        some.changed(CLAIM, raw(body(CLAIM, name)))
    assert names(some.children(key(STATEFUL_SET, "db"))) == []


def test_the_health_of_a_pod_wakes_the_application_of_its_deployment_for_health_only() -> None:
    assert wakes(rollout().changed(POD, pod(2, status=BAD))) == {("shop", "health")}


def test_the_version_of_the_application_moves_with_the_health_of_a_descendant() -> None:
    some = rollout()
    version = some.version(APP)
    some.changed(POD, pod(2, status=BAD))
    assert some.version(APP) > version


def test_churn_of_a_descendant_wakes_nobody() -> None:
    some = rollout()
    version = some.version(APP)
    changed = {"metadata": {**owned_by(REPLICA_SET, "front-x"), "labels": {"a": "b"}, "generation": 7}}
    churn = raw(body(POD, "front-x-1", 2, status={**FINE, "podIP": "10.0.0.7"}, spec={"nodeName": "n1"}, **changed))
    assert not some.changed(POD, churn)
    assert some.version(APP) == version


def test_a_new_descendant_and_one_that_is_gone_wake_for_health() -> None:
    some = rollout()
    assert wakes(some.changed(POD, pod(2, "front-x-2", status=FINE))) == {("shop", "health")}
    assert wakes(some.deleted(POD, pod(3, "front-x-2", status=FINE))) == {("shop", "health")}


def test_a_descendant_that_only_a_list_shows_to_be_gone_wakes_for_health() -> None:
    assert wakes(rollout().replaced(POD, [])) == {("shop", "health")}


def test_descendants_of_what_nobody_tracks_wake_nobody() -> None:
    assert not rollout(app=False).changed(POD, pod(2, status=BAD))


def test_a_descendant_of_two_applications_wakes_both() -> None:
    some = rollout()
    some.changed(CONFIG_MAP, raw(tracked(CONFIG_MAP, "cause", app=OTHER)))
    owners = owned_by(REPLICA_SET, "front-x")["ownerReferences"] + owned_by(CONFIG_MAP, "cause")["ownerReferences"]
    both = raw(body(POD, "front-x-1", 2, status=BAD, metadata={"ownerReferences": owners}))
    assert wakes(some.changed(POD, both)) == {("shop", "health"), ("blog", "health")}


def test_the_health_of_a_claim_wakes_the_application_of_its_stateful_set() -> None:
    """Such a claim carries no owner reference: the set that made it is told by its name alone."""
    spec = {"volumeClaimTemplates": [{"metadata": {"name": "data"}}]}
    some = filled((STATEFUL_SET, tracked(STATEFUL_SET, "db", spec=spec)))
    assert wakes(some.changed(CLAIM, raw(body(CLAIM, "data-db-0", status=FINE)))) == {("shop", "health")}
    assert wakes(some.changed(CLAIM, raw(body(CLAIM, "data-db-0", 2, status=BAD)))) == {("shop", "health")}
    assert not some.changed(CLAIM, raw(body(CLAIM, "data-db-0", 3, status={**BAD, "capacity": {"storage": "1Gi"}})))


def test_a_tracked_descendant_wakes_its_application_once_for_itself_and_once_for_health() -> None:
    some = rollout()
    mine = raw(tracked(POD, "front-x-1", 2, status=FINE, metadata=owned_by(REPLICA_SET, "front-x")))
    assert wakes(some.changed(POD, mine)) == {("shop", "object")}
    worse = raw(tracked(POD, "front-x-1", 3, status=BAD, metadata=owned_by(REPLICA_SET, "front-x")))
    assert wakes(some.changed(POD, worse)) == {("shop", "object"), ("shop", "health")}


def test_what_is_controlled_says_so() -> None:
    some = rollout()
    live = some.get(ResourceKey("", "Pod", "web", "front-x-1"))
    assert live is not None
    assert live.is_controlled
    some.changed(POD, raw(body(POD, "free", metadata=owned_by(REPLICA_SET, "front-x", controller=False))))
    free = some.get(ResourceKey("", "Pod", "web", "free"))
    assert free is not None
    assert not free.is_controlled
