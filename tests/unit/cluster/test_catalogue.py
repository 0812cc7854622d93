from gitops_operator.cluster.discovery import Group, catalogue_of, merge
from gitops_operator.model.kind import Kind
from gitops_operator.model.resource import GroupKind

CACHEABLE = frozenset({"get", "list", "watch"})


def kind(group: str, version: str, name: str, verbs: frozenset[str] = CACHEABLE) -> Kind:
    return Kind(group, version, name, name.lower() + "s", True, verbs)


def test_the_first_version_of_a_kind_is_preferred_and_all_are_served() -> None:
    v2, v1 = kind("autoscaling", "v2", "Scaler"), kind("autoscaling", "v1", "Scaler")
    catalogue = catalogue_of([Group("autoscaling", (v2, v1))])
    assert catalogue.preferred == {GroupKind("autoscaling", "Scaler"): v2}
    assert catalogue.served == {("autoscaling/v2", "Scaler"): v2, ("autoscaling/v1", "Scaler"): v1}


def test_a_version_that_cannot_be_watched_is_served_but_not_preferred() -> None:
    only_get = kind("example.com", "v2", "Widget", frozenset({"get"}))
    old = kind("example.com", "v1", "Widget")
    review = kind("authorization.k8s.io", "v1", "Review", frozenset({"create"}))
    catalogue = catalogue_of([Group("example.com", (only_get, old)), Group("authorization.k8s.io", (review,))])
    assert catalogue.preferred == {GroupKind("example.com", "Widget"): old}
    assert ("authorization.k8s.io/v1", "Review") in catalogue.served


def test_a_stale_group_keeps_what_was_known_of_it() -> None:
    widget, gadget = kind("example.com", "v1", "Widget"), kind("other.com", "v1", "Gadget")
    before = catalogue_of([Group("example.com", (widget,)), Group("other.com", (gadget,))])
    merged = merge(before, catalogue_of([Group("example.com", (), stale=True)]))
    assert merged.preferred == {GroupKind("example.com", "Widget"): widget}
    assert merged.served == {("example.com/v1", "Widget"): widget}
    assert merged.stale == {"example.com"}


def test_a_stale_group_that_was_never_known_is_named_at_least() -> None:
    merged = merge(catalogue_of([]), catalogue_of([Group("example.com", (), stale=True)]))
    assert (merged.preferred, merged.stale) == ({}, frozenset({"example.com"}))
