"""What becomes of one object, and why."""

from dataclasses import replace
from typing import Any

import pytest

from gitops_operator.diff import Context, compare
from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.live import ForeignOwner, LiveObject
from gitops_operator.model.managed_fields import ownership
from gitops_operator.model.merging import with_last_applied
from gitops_operator.model.resource import DESIRED_DIGEST, HANDOVER, TRACKING_ID, Resource
from gitops_operator.model.sending import stamped
from tests.unit.diff.objects import (
    APP,
    CONTEXT,
    OTHER,
    applied,
    edited,
    entry,
    left_by_apply,
    resource,
    seen,
    snapshot,
)

MAP = resource(data={"color": "red"})


def verdict(desired: Resource, live: LiveObject | None, context: Context = CONTEXT) -> Change:
    [change] = compare([desired], snapshot(*[live] if live else []), context)
    return change


def told(change: Change) -> tuple[Action, Why]:
    return change.action, change.why


def test_what_nobody_touched_since_our_apply_is_in_sync() -> None:
    assert told(verdict(MAP, applied(MAP))) == (Action.NONE, Why.IN_SYNC)


def test_an_object_that_is_not_there_is_created() -> None:
    assert told(verdict(MAP, None)) == (Action.CREATE, Why.MISSING)


def test_what_is_sent_carries_our_two_annotations() -> None:
    sent = verdict(MAP, None).body
    assert sent is not None
    assert sent["metadata"]["annotations"] == {TRACKING_ID: MAP.tracking_id, DESIRED_DIGEST: MAP.digest}


def test_a_value_of_ours_that_somebody_edited_is_drift() -> None:
    assert told(verdict(MAP, edited(MAP, data={"color": "blue"}))) == (Action.UPDATE, Why.DRIFTED)


def test_a_field_that_others_add_beside_ours_is_no_drift() -> None:
    assert told(verdict(MAP, edited(MAP, data={"color": "red", "size": "s"}))) == (Action.NONE, Why.IN_SYNC)


def test_another_commit_changes_what_is_desired() -> None:
    newer = resource(data={"color": "green"})
    assert told(verdict(newer, applied(MAP))) == (Action.UPDATE, Why.DESIRED_CHANGED)


def test_an_object_of_which_nothing_is_ours_any_more_is_drift() -> None:
    body = left_by_apply(MAP)
    body["metadata"]["managedFields"] = [entry({"f:data": {}}, "kubectl-edit", "Update")]
    change = verdict(MAP, seen(body, baseline="known"))
    assert told(change) == (Action.UPDATE, Why.DRIFTED)
    assert "somebody replaced it" in change.message


def test_an_object_that_nobody_tracks_is_adopted() -> None:
    body = left_by_apply(MAP)
    del body["metadata"]["annotations"]
    change = verdict(MAP, seen(body))
    assert told(change) == (Action.UPDATE, Why.ADOPTED)
    assert change.migrates


def test_a_tracking_id_of_another_object_does_not_count() -> None:
    body = left_by_apply(MAP)
    body["metadata"]["annotations"][TRACKING_ID] = resource(name="other").tracking_id
    assert verdict(MAP, seen(body)).why is Why.ADOPTED


def test_an_object_of_another_application_is_a_conflict_that_names_both() -> None:
    theirs = resource(app=OTHER, data={"color": "red"})
    change = verdict(MAP, applied(theirs))
    assert told(change) == (Action.NONE, Why.CONFLICT)
    assert "argocd/blog" in change.message
    assert "argocd/shop" in change.message


def test_what_an_application_that_is_gone_left_behind_is_adopted() -> None:
    heir = replace(CONTEXT, is_gone=lambda app: app == OTHER)
    assert told(verdict(MAP, applied(resource(app=OTHER)), heir)) == (Action.UPDATE, Why.ADOPTED)


@pytest.mark.parametrize("tool", ["Argo CD", "Flux"])
def test_an_object_of_another_tool_is_a_conflict(tool: str) -> None:
    body = left_by_apply(MAP)
    del body["metadata"]["annotations"]
    change = verdict(MAP, seen(body, foreign_owner=ForeignOwner(tool, "infra")))
    assert told(change) == (Action.NONE, Why.CONFLICT)
    assert f"{tool} (infra)" in change.message


def test_our_own_object_that_another_tool_claims_as_well_is_a_conflict() -> None:
    assert verdict(MAP, applied(MAP, foreign_owner=ForeignOwner("Flux", "infra"))).why is Why.CONFLICT


def test_an_object_is_handed_over_by_an_annotation_on_it() -> None:
    body = left_by_apply(resource(app=OTHER, data={"color": "red"}))
    body["metadata"]["annotations"][HANDOVER] = str(APP)
    change = verdict(MAP, seen(body))
    assert told(change) == (Action.UPDATE, Why.HANDED_OVER)
    assert change.migrates


def test_a_handover_to_another_application_hands_nothing_to_us() -> None:
    body = left_by_apply(resource(app=OTHER))
    body["metadata"]["annotations"][HANDOVER] = "argocd/third"
    assert verdict(MAP, seen(body)).why is Why.CONFLICT


def test_a_handover_in_git_is_theft_and_hands_nothing_over() -> None:
    thief = resource(metadata={"annotations": {HANDOVER: str(APP)}})
    assert verdict(thief, applied(resource(app=OTHER))).why is Why.CONFLICT


def test_an_object_that_is_being_deleted_is_waited_for_and_its_finalizers_are_named() -> None:
    body = left_by_apply(
        MAP, metadata={"deletionTimestamp": "2026-11-24T00:00:00Z", "finalizers": ["example.com/wait"]}
    )
    change = verdict(MAP, seen(body))
    assert told(change) == (Action.NONE, Why.GOING)
    assert "example.com/wait" in change.message


def test_an_apply_that_changed_nothing_is_not_repeated() -> None:
    live = edited(MAP, data={"color": "blue"})
    context = Context(APP, at_admission=frozenset({(MAP.key, MAP.digest, live.ownership)}))
    assert told(verdict(MAP, live, context)) == (Action.NONE, Why.AT_ADMISSION)


def test_an_apply_that_changed_nothing_is_repeated_when_something_else_changed() -> None:
    context = Context(APP, at_admission=frozenset({(MAP.key, MAP.digest, "another H")}))
    assert verdict(MAP, edited(MAP, data={"color": "blue"}), context).why is Why.DRIFTED


def test_a_co_owner_that_kubectl_left_is_taken_over() -> None:
    live = seen(left_by_apply(MAP, entries=[entry({"f:data": {"f:old": {}}}, "kubectl-client-side-apply", "Update")]))
    change = verdict(MAP, live)
    assert told(change) == (Action.UPDATE, Why.DRIFTED)
    assert change.migrates
    assert "kubectl-client-side-apply" in change.message


def test_migration_may_be_turned_off() -> None:
    live = seen(left_by_apply(MAP, entries=[entry({"f:data": {"f:old": {}}}, "kubectl-client-side-apply", "Update")]))
    context = Context(APP, options=frozenset({"ClientSideApplyMigration=false"}))
    change = verdict(MAP, live, context)
    assert (told(change), change.migrates) == ((Action.NONE, Why.IN_SYNC), False)


@pytest.mark.parametrize("place", ["object", "application"])
def test_replace_is_said_by_the_object_or_by_the_application(place: str) -> None:
    option = frozenset({"Replace=true"})
    desired = resource(data={"color": "green"}, options=option if place == "object" else ())
    context = Context(APP, options=option if place == "application" else frozenset())
    assert verdict(desired, applied(MAP), context).action is Action.REPLACE


# After a restart, when H of our last apply is not known


def test_after_a_restart_what_we_still_own_is_in_sync_until_a_dry_run_says_more() -> None:
    change = verdict(MAP, applied(MAP, baseline=""))
    assert (told(change), change.unverified) == ((Action.NONE, Why.IN_SYNC), True)
    assert change.body is not None


def test_after_a_restart_a_field_that_somebody_took_is_drift_and_named() -> None:
    body = left_by_apply(MAP)
    body["metadata"]["managedFields"][0]["fieldsV1"]["f:data"] = {}
    body["metadata"]["managedFields"].append(entry({"f:data": {"f:color": {}}}, "kubectl-edit", "Update"))
    change = verdict(MAP, seen(body, baseline=""))
    assert told(change) == (Action.UPDATE, Why.DRIFTED)
    assert ".data" in change.message


# Digests of other versions of the operator


def with_digest(stored: str) -> LiveObject:
    body = left_by_apply(MAP)
    body["metadata"]["annotations"][DESIRED_DIGEST] = stored
    return seen(body)


def test_a_digest_of_an_unknown_version_is_another_desired_object() -> None:
    assert verdict(MAP, with_digest("v99:abc")).why is Why.DESIRED_CHANGED


def test_a_digest_of_an_older_version_is_compared_by_its_own_algorithm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gitops_operator.model.digest._ALGORITHMS", {"v0": lambda body: str(len(body["data"]))})
    assert verdict(MAP, with_digest("v0:1")).why is Why.IN_SYNC
    assert verdict(MAP, with_digest("v0:2")).why is Why.DESIRED_CHANGED


# Fields that others took before Git removed them


def test_what_we_owned_before_others_took_it_goes_with_the_change() -> None:
    before = left_by_apply(MAP)
    now = left_by_apply(MAP, version=6, data={"color": "blue"})
    now["metadata"]["managedFields"][0]["fieldsV1"].pop("f:data")
    live = seen(now, baseline=ownership(before), settled=seen(before).body)
    change = verdict(resource(), live)
    assert change.why is Why.DESIRED_CHANGED
    assert change.care.previous is not None
    assert change.care.previous["f:data"] == {"f:color": {}}


def fields(change: Change) -> Any:
    return change.care.previous


def test_an_object_without_drift_needs_no_such_care() -> None:
    assert fields(verdict(resource(data={"color": "green"}), applied(MAP))) is None


# Kinds without server-side apply


def merged(desired: Resource, **parts: Any) -> LiveObject:
    """A live object of a server that knows no managedFields, as our merge patch left it."""
    body = {**with_last_applied(stamped(desired)), **parts}
    return seen({**body, "metadata": {**body["metadata"], "uid": "u", "resourceVersion": "5"}}, baseline="")


def test_what_our_merge_patch_left_is_in_sync() -> None:
    assert told(verdict(MAP, merged(MAP, data={"color": "red", "theirs": "x"}))) == (Action.NONE, Why.IN_SYNC)


def test_what_our_merge_patch_would_change_is_drift() -> None:
    assert told(verdict(MAP, merged(MAP, data={"color": "blue"}))) == (Action.UPDATE, Why.DRIFTED)


@pytest.mark.parametrize(
    "parts",
    [
        {"ownership": "moved"},
        {"baseline": ""},
        {"deletion_timestamp": "2027-01-01T00:00:00Z"},
        {"managers": ("kubectl-edit",)},
        {"foreign_owner": ForeignOwner("Flux", "shop")},
    ],
)
def test_an_object_is_as_applied_only_while_nothing_of_it_is_remarkable(parts: dict[str, Any]) -> None:
    settled = LiveObject(MAP.key, "v1", "uid", "7", digest="v1:d", ownership="H", baseline="H")
    assert settled.as_applied == "v1:d"
    assert replace(settled, **parts).as_applied == ""
