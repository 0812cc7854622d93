import json
from typing import Any

from gitops_operator.cluster.definitions import API_SERVICE, CRD, Definitions
from gitops_operator.model.resource import GroupKind


def crd(*, versions: tuple[str, ...] = ("v1",), established: str = "True", **more: Any) -> bytes:
    conditions = [{"type": "Established", "status": established, "lastTransitionTime": more.pop("at", "today")}]
    spec = {"group": "example.com", "names": {"kind": "Widget"}, "versions": [{"name": name} for name in versions]}
    return json.dumps({"metadata": {"name": "w", **more}, "spec": spec, "status": {"conditions": conditions}}).encode()


def test_a_new_definition_and_its_establishment_are_news() -> None:
    definitions = Definitions()
    assert definitions.changed(CRD, crd(established="False"))
    assert definitions.changed(CRD, crd())
    assert definitions.changed(CRD, crd(versions=("v1", "v2")))


def test_a_change_that_discovery_does_not_show_is_none() -> None:
    definitions = Definitions()
    definitions.changed(CRD, crd())
    assert not definitions.changed(CRD, crd(at="tomorrow", annotations={"a": "b"}, resourceVersion="7"))


def test_a_deletion_is_news_once() -> None:
    definitions = Definitions()
    definitions.changed(CRD, crd())
    assert definitions.deleted(CRD, crd())
    assert not definitions.deleted(CRD, crd())


def test_a_list_is_news_only_if_it_differs() -> None:
    definitions = Definitions()
    assert definitions.replaced(CRD, [crd()])
    assert not definitions.replaced(CRD, [crd(at="tomorrow")])
    assert definitions.replaced(CRD, [])


def test_an_aggregated_api_that_becomes_available_is_news() -> None:
    definitions = Definitions()
    spec = {"group": "metrics.k8s.io", "version": "v1"}

    def service(available: str) -> bytes:
        status = {"conditions": [{"type": "Available", "status": available}]}
        return json.dumps({"metadata": {"name": "v1.metrics"}, "spec": spec, "status": status}).encode()

    assert definitions.changed(API_SERVICE, service("False"))
    assert definitions.changed(API_SERVICE, service("True"))
    assert not definitions.changed(API_SERVICE, service("True"))


def test_other_kinds_are_none_of_its_business() -> None:
    definitions = Definitions()
    assert not definitions.changed(GroupKind("", "Pod"), b"{}")
    assert not definitions.replaced(GroupKind("", "Pod"), [b"{}"])
    assert not definitions.deleted(GroupKind("", "Pod"), b"{}")
