"""Tracked objects that Git does not want any more."""

from dataclasses import replace

import pytest

from gitops_operator.diff import Context, compare
from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.hierarchy import OwnerRef
from gitops_operator.model.kind import KindState, KindStatus
from gitops_operator.model.live import LiveObject
from gitops_operator.model.resource import GroupKind
from tests.unit.diff.objects import APP, CONTEXT, OTHER, applied, left_by_apply, resource, seen, snapshot

OLD = resource(name="old", data={"color": "red"})


def verdicts(live: LiveObject, context: Context = CONTEXT) -> list[tuple[Action, Why]]:
    return [(change.action, change.why) for change in found(live, context)]


def found(live: LiveObject, context: Context = CONTEXT) -> tuple[Change, ...]:
    return compare([], snapshot(live), context)


def with_annotation(name: str, value: str) -> LiveObject:
    return seen(left_by_apply(resource(name="old", metadata={"annotations": {name: value}})))


def test_what_git_dropped_is_pruned() -> None:
    assert verdicts(applied(OLD)) == [(Action.PRUNE, Why.NOT_DESIRED)]


def test_what_git_wants_is_never_pruned() -> None:
    [change] = compare([OLD], snapshot(applied(OLD)), CONTEXT)
    assert change.action is Action.NONE


def test_what_another_application_tracks_is_not_ours_to_prune() -> None:
    assert verdicts(applied(resource(name="old", app=OTHER))) == []


def test_what_another_installation_tracks_is_not_ours_to_prune() -> None:
    assert verdicts(applied(OLD), Context(APP, installation="eu")) == []


def test_what_carries_a_copied_tracking_id_is_not_pruned() -> None:
    body = left_by_apply(OLD)
    body["metadata"]["name"] = "copy"
    assert verdicts(seen(body)) == []


def test_what_a_controller_made_is_never_pruned() -> None:
    owner = OwnerRef("apps", "Deployment", "front", "uid-9", controller=True)
    assert verdicts(applied(OLD, owners=(owner,))) == []


def test_what_has_an_owner_that_does_not_control_it_is_pruned() -> None:
    owner = OwnerRef("apps", "Deployment", "front", "uid-9", controller=False)
    assert verdicts(applied(OLD, owners=(owner,))) == [(Action.PRUNE, Why.NOT_DESIRED)]


def test_what_is_going_already_is_waited_for() -> None:
    body = left_by_apply(OLD, metadata={"deletionTimestamp": "2026-11-24T00:00:00Z"})
    assert verdicts(seen(body)) == [(Action.NONE, Why.GOING)]


@pytest.mark.parametrize(
    "name, value",
    [
        ("gitops-operator.io/sync-options", "Prune=false"),
        ("argocd.argoproj.io/sync-options", "Validate=false, Prune=false"),
        ("helm.sh/resource-policy", "keep"),
    ],
)
def test_what_an_annotation_keeps_stays_and_says_so(name: str, value: str) -> None:
    [change] = found(with_annotation(name, value))
    assert (change.action, change.why) == (Action.NONE, Why.KEPT)
    assert value.rpartition(" ")[2] in change.message


def test_what_is_to_be_confirmed_waits_and_is_out_of_sync() -> None:
    [change] = found(with_annotation("gitops-operator.io/sync-options", "Prune=confirm"))
    assert (change.action, change.why, change.is_in_sync) == (Action.NONE, Why.UNCONFIRMED, False)


@pytest.mark.parametrize("prefix", ["gitops-operator.io", "argocd.argoproj.io"])
def test_what_is_extraneous_by_its_own_word_is_pruned_but_no_difference(prefix: str) -> None:
    [change] = found(with_annotation(f"{prefix}/compare-options", "IgnoreExtraneous"))
    assert (change.action, change.why, change.is_in_sync) == (Action.PRUNE, Why.EXTRANEOUS, True)


def test_an_option_of_the_application_keeps_all() -> None:
    assert verdicts(applied(OLD), Context(APP, options=frozenset({"Prune=false"}))) == [(Action.NONE, Why.KEPT)]


def test_the_application_does_not_prune_itself() -> None:
    key = OLD.key._replace(group="gitops-operator.io", kind="Application", namespace=APP.namespace, name=APP.name)
    live = replace(applied(OLD), key=key)
    kinds = {GroupKind(key.group, key.kind): KindStatus(KindState.READY)}
    assert compare([], snapshot(live, kinds=kinds), CONTEXT) == ()
