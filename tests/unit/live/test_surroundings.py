"""The health of a claim depends on the StorageClasses beside it, which may come, change and go after it."""

from typing import Any

import pytest

from gitops_operator.health import assess, assess_beside
from gitops_operator.live import Store
from gitops_operator.model.health import HealthStatus
from gitops_operator.model.kind import Kind
from tests.unit.live.objects import APP, CLAIM, STATEFUL_SET, body, key, raw, seen, tracked, wakes

CLASS = Kind("storage.k8s.io", "v1", "StorageClass", "storageclasses", namespaced=False)
PENDING: dict[str, Any] = {"spec": {"storageClassName": "local"}, "status": {"phase": "Pending"}}


def storage_class(version: int = 1, binding: str = "WaitForFirstConsumer", **parts: Any) -> bytes:
    return raw(body(CLASS, "local", version, volumeBindingMode=binding, **parts))


def claim(**parts: Any) -> bytes:
    return raw(tracked(CLAIM, **PENDING, **parts))


def a_store() -> Store:
    return Store(assess=assess, beside=assess_beside)


def status(some: Store) -> HealthStatus:
    health = seen(some, key(CLAIM, "front")).health
    assert health is not None
    return health.status


@pytest.mark.parametrize("is_class_first", [True, False])
def test_a_claim_of_a_delayed_class_is_healthy_whichever_comes_first(is_class_first: bool) -> None:
    some = a_store()
    events = [(CLASS, storage_class()), (CLAIM, claim())]
    for kind, event in events if is_class_first else reversed(events):
        some.changed(kind, event)
    assert status(some) is HealthStatus.HEALTHY


def test_a_class_that_comes_wakes_the_application_of_the_claim() -> None:
    some = a_store()
    some.changed(CLAIM, claim())
    version = some.version(APP)
    assert wakes(some.changed(CLASS, storage_class())) == {("shop", "object")}
    assert some.version(APP) > version


def test_a_claim_is_looked_at_again_when_its_class_is_made_anew_or_goes() -> None:
    some = a_store()
    some.changed(CLASS, storage_class())
    some.changed(CLAIM, claim())
    some.changed(CLASS, storage_class(2, "Immediate", uid="two"))
    assert status(some) is HealthStatus.PROGRESSING
    some.changed(CLASS, storage_class(3, uid="three"))
    assert status(some) is HealthStatus.HEALTHY
    assert wakes(some.deleted(CLASS, storage_class(4, uid="three"))) == {("shop", "object")}
    assert status(some) is HealthStatus.PROGRESSING


def test_a_class_that_only_a_list_shows_to_be_gone_counts_as_gone() -> None:
    some = a_store()
    some.changed(CLASS, storage_class())
    some.changed(CLAIM, claim())
    some.replaced(CLASS, [])
    assert status(some) is HealthStatus.PROGRESSING


def test_a_class_that_changes_nothing_for_the_claims_wakes_nobody() -> None:
    some = a_store()
    some.changed(CLASS, storage_class())
    some.changed(CLAIM, claim())
    assert not some.changed(CLASS, storage_class(2, allowVolumeExpansion=True))
    assert not some.changed(CLASS, raw(body(CLASS, "other", provisioner="x")))


def test_a_claim_that_nobody_tracks_is_assessed_beside_the_classes_too() -> None:
    templates = {"volumeClaimTemplates": [{"metadata": {"name": "data"}}]}
    some = a_store()
    some.changed(STATEFUL_SET, raw(tracked(STATEFUL_SET, "db", spec=templates)))
    some.changed(CLAIM, raw(body(CLAIM, "data-db-0", **PENDING)))
    assert wakes(some.changed(CLASS, storage_class())) == {("shop", "health")}
    health = seen(some, key(CLAIM, "data-db-0")).health
    assert health is not None
    assert health.status is HealthStatus.HEALTHY
