"""What can be said of objects whose kind is unknown, not ready, or known from memory only."""

import pytest

from gitops_operator.diff import Context, compare
from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.kind import Catalogue, Kind, KindState, KindStatus
from gitops_operator.model.resource import GroupKind, Resource
from tests.unit.diff.objects import APP, CONTEXT, applied, group_kind, resource, snapshot

WIDGET = resource("Widget", spec={"size": 1})
WIDGETS = Kind("example.com", "v1", "Widget", "widgets", namespaced=True)
MAP = resource(data={"color": "red"})
MAPS = Kind("", "v1", "ConfigMap", "configmaps", namespaced=True)


def crd(version: str = "v1") -> Resource:
    spec = {"group": "example.com", "names": {"kind": "Widget"}, "versions": [{"name": version}]}
    return resource("CustomResourceDefinition", "widgets.example.com", spec=spec)


def one(changes: tuple[Change, ...], kind: str = "Widget") -> Change:
    [found] = [change for change in changes if change.key.kind == kind]
    return found


def told(change: Change) -> tuple[Action, Why]:
    return change.action, change.why


def in_state(state: KindState, message: str = "", kind: str = "Widget") -> dict[GroupKind, KindStatus]:
    return {group_kind(kind): KindStatus(state, message)}


def test_a_kind_that_the_cluster_does_not_serve_is_unknown_and_named() -> None:
    change = one(compare([WIDGET], snapshot(), CONTEXT))
    assert told(change) == (Action.NONE, Why.KIND_UNKNOWN)
    assert "example.com/Widget" in change.message
    assert "shop.yaml:3" in change.message


def test_a_kind_whose_definition_comes_in_the_same_sync_is_created() -> None:
    assert told(one(compare([crd(), WIDGET], snapshot(), CONTEXT))) == (Action.CREATE, Why.MISSING)


def test_a_definition_of_another_version_does_not_help() -> None:
    assert one(compare([crd("v2"), WIDGET], snapshot(), CONTEXT)).why is Why.KIND_UNKNOWN


def test_a_kind_of_a_group_whose_discovery_fails_may_exist() -> None:
    context = Context(APP, catalogue=Catalogue(stale=frozenset({"example.com"})))
    change = one(compare([WIDGET], snapshot(), context))
    assert told(change) == (Action.NONE, Why.KIND_NOT_READY)
    assert "discovery" in change.message


def test_a_kind_that_discovery_found_and_nothing_lists_yet_is_not_ready() -> None:
    catalogue = Catalogue({group_kind("Widget"): WIDGETS}, {("example.com/v1", "Widget"): WIDGETS})
    assert one(compare([WIDGET], snapshot(), Context(APP, catalogue=catalogue))).why is Why.KIND_NOT_READY


@pytest.mark.parametrize("state", [KindState.CATCHING_UP, KindState.BROKEN, KindState.EXCLUDED])
def test_nothing_of_a_kind_that_is_not_ready_is_missing(state: KindState) -> None:
    assert told(one(compare([WIDGET], snapshot(kinds=in_state(state)), CONTEXT))) == (Action.NONE, Why.KIND_NOT_READY)


def test_why_a_kind_cannot_be_listed_is_said() -> None:
    kinds = in_state(KindState.BROKEN, "conversion webhook is down")
    assert "conversion webhook is down" in one(compare([WIDGET], snapshot(kinds=kinds), CONTEXT)).message


def test_a_kind_that_is_not_ready_does_not_hold_up_the_others() -> None:
    changes = compare([MAP, WIDGET], snapshot(kinds=in_state(KindState.BROKEN)), CONTEXT)
    assert one(changes, "ConfigMap").why is Why.MISSING


def test_nothing_of_a_kind_that_is_not_ready_is_pruned() -> None:
    kinds = in_state(KindState.CATCHING_UP, kind="ConfigMap")
    change = one(compare([], snapshot(applied(MAP), kinds=kinds), CONTEXT), "ConfigMap")
    assert told(change) == (Action.NONE, Why.KIND_NOT_READY)


def test_an_object_in_sync_of_a_kind_that_is_not_ready_is_not_said_to_be_in_sync() -> None:
    kinds = in_state(KindState.CATCHING_UP, kind="ConfigMap")
    assert one(compare([MAP], snapshot(applied(MAP), kinds=kinds), CONTEXT), "ConfigMap").why is Why.KIND_NOT_READY


def test_a_version_that_is_not_served_is_said_with_those_that_are() -> None:
    newer = Kind("", "v2", "ConfigMap", "configmaps", namespaced=True)
    context = Context(APP, catalogue=Catalogue({}, {("v2", "ConfigMap"): newer, ("example.com/v1", "Widget"): WIDGETS}))
    change = one(compare([MAP], snapshot(), context), "ConfigMap")
    assert change.why is Why.KIND_UNKNOWN
    assert "as v1, only as v2" in change.message


def test_a_version_that_is_not_served_is_seen_on_an_object_in_sync_too() -> None:
    context = Context(APP, catalogue=Catalogue({}, {("v2", "ConfigMap"): MAPS._replace(version="v2")}))
    assert one(compare([MAP], snapshot(applied(MAP)), context), "ConfigMap").why is Why.KIND_UNKNOWN
