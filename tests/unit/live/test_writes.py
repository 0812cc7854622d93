from collections.abc import Mapping
from typing import Any

from gitops_operator.live import Store
from gitops_operator.model.resource import ResourceKey
from tests.unit.live.objects import (
    APP,
    DEPLOYMENT,
    HPA,
    body,
    filled,
    key,
    last_good,
    our_entry,
    raw,
    seen,
    store,
    tracked,
    wakes,
)

KEY = key(DEPLOYMENT, "front")
SPEC = {"replicas": 2, "image": "one"}
DRIFTED = {"replicas": 7, "image": "one"}


def deployment(version: int = 1, **parts: Any) -> bytes:
    return raw(tracked(DEPLOYMENT, version=version, **{"spec": SPEC, **parts}))


def applied(version: int = 5, **parts: Any) -> Store:
    some = store()
    some.applied(DEPLOYMENT, deployment(version, **parts), baseline=True)
    return some


def is_as_applied(some: Store, of: ResourceKey = KEY) -> bool:
    live = seen(some, of)
    return live.ownership == live.baseline != ""


def test_what_we_write_is_there_at_once() -> None:
    some = applied()
    assert seen(some, KEY).resource_version == "5"
    assert [live.key for live in some.tracked_by(APP)] == [KEY]


def test_after_an_apply_the_object_is_as_applied() -> None:
    assert is_as_applied(applied())


def test_an_older_event_does_not_undo_our_write() -> None:
    some = applied(5)
    some.changed(DEPLOYMENT, deployment(4, digest="v1:old"))
    assert seen(some, KEY).digest == "v1:aa"


def test_the_event_of_our_own_write_moves_nothing() -> None:
    some = applied(5)
    assert not some.changed(DEPLOYMENT, deployment(5))


def test_the_answer_to_an_apply_that_changed_nothing_wakes_nobody() -> None:
    some = filled((DEPLOYMENT, tracked(DEPLOYMENT, version=5, spec=SPEC)))
    version = some.version(APP)
    assert not some.applied(DEPLOYMENT, deployment(5), baseline=True)
    assert is_as_applied(some)
    assert some.version(APP) > version


def test_status_churn_keeps_the_baseline() -> None:
    some = applied()
    some.changed(DEPLOYMENT, deployment(6, status={"readyReplicas": 2}))
    assert is_as_applied(some)


def test_drift_shows_against_the_baseline_and_keeps_the_last_good_body() -> None:
    some = applied()
    assert wakes(some.changed(DEPLOYMENT, deployment(6, spec=DRIFTED))) == {("shop", "object")}
    assert not is_as_applied(some)
    assert last_good(seen(some, KEY))["spec"] == SPEC


def test_more_drift_does_not_replace_the_last_good_body() -> None:
    some = applied()
    some.changed(DEPLOYMENT, deployment(6, spec=DRIFTED))
    some.changed(DEPLOYMENT, deployment(7, spec={**DRIFTED, "image": "two"}))
    assert last_good(seen(some, KEY))["spec"] == SPEC


def test_drift_that_goes_away_by_itself_leaves_nothing_behind() -> None:
    some = applied()
    some.changed(DEPLOYMENT, deployment(6, spec=DRIFTED))
    some.changed(DEPLOYMENT, deployment(7))
    assert is_as_applied(some)
    assert seen(some, KEY).settled is None


def test_an_apply_that_was_overtaken_still_says_what_drift_is_against() -> None:
    some = store()
    some.changed(DEPLOYMENT, deployment(6, spec=DRIFTED))
    assert wakes(some.applied(DEPLOYMENT, deployment(5), baseline=True)) == {("shop", "object")}
    live = seen(some, KEY)
    assert (live.resource_version, is_as_applied(some)) == ("6", False)
    assert last_good(live)["spec"] == SPEC


def test_an_overtaken_apply_whose_fields_nobody_touched_is_as_applied() -> None:
    some = store()
    some.changed(DEPLOYMENT, deployment(6, status={"readyReplicas": 1}))
    assert not some.applied(DEPLOYMENT, deployment(5), baseline=True)
    assert is_as_applied(some)


def test_answers_that_come_in_the_wrong_order_leave_the_baseline_of_the_later_one() -> None:
    some = applied(9)
    some.applied(DEPLOYMENT, deployment(5, spec=DRIFTED), baseline=True)
    assert is_as_applied(some)


def test_a_write_without_baseline_leaves_it_alone() -> None:
    some = applied(5)
    some.applied(DEPLOYMENT, deployment(6, spec=DRIFTED), baseline=False)
    assert not is_as_applied(some)


def test_an_object_made_anew_has_no_baseline() -> None:
    some = applied(5)
    some.changed(DEPLOYMENT, deployment(9, uid="two"))
    assert seen(some, KEY).baseline == ""


def test_the_answer_for_an_object_that_is_gone_does_not_revive_it() -> None:
    some = store()
    some.deleted(DEPLOYMENT, deployment(9))
    some.applied(DEPLOYMENT, deployment(5), baseline=True)
    assert some.get(KEY) is None


def test_a_dry_run_that_found_nothing_makes_ownership_the_baseline() -> None:
    some = filled((DEPLOYMENT, tracked(DEPLOYMENT, version=5, spec=SPEC)))
    assert seen(some, KEY).baseline == ""
    version = some.version(APP)
    some.verified(KEY, seen(some, KEY).ownership)
    assert is_as_applied(some)
    assert some.version(APP) > version


def test_a_dry_run_of_an_older_state_proves_nothing() -> None:
    some = filled((DEPLOYMENT, tracked(DEPLOYMENT, version=5, spec=SPEC)))
    before = seen(some, KEY).ownership
    some.changed(DEPLOYMENT, deployment(6, spec=DRIFTED))
    some.verified(KEY, before)
    assert seen(some, KEY).baseline == ""


def test_a_dry_run_that_found_something_makes_it_drift() -> None:
    some = filled((DEPLOYMENT, tracked(DEPLOYMENT, version=5, spec=SPEC)))
    some.refuted(KEY, seen(some, KEY).ownership)
    assert not is_as_applied(some)
    assert seen(some, KEY).baseline


def test_a_doubted_object_is_to_be_verified_anew() -> None:
    some = filled((DEPLOYMENT, tracked(DEPLOYMENT, version=5, spec=SPEC)))
    some.verified(KEY, seen(some, KEY).ownership)
    some.distrust()
    assert seen(some, KEY).baseline == ""


class TestInTwoVersionsOfOneKind:
    """We apply an HPA as autoscaling/v1, as Git has it, and watch it as v2."""

    key = key(HPA, "front")
    v1 = HPA._replace(version="v1")

    def answer(self, version: int = 5, limit: int = 3) -> bytes:
        return raw(tracked(self.v1, version=version, spec={"maxReplicas": limit}, fields=self.fields))

    def event(self, version: int = 5, limit: int = 3, **spec: Any) -> bytes:
        entry = our_entry(self.v1, self.fields)
        some = tracked(HPA, version=version, spec={"maxReplicas": limit, "metrics": [], **spec}, fields=self.fields)
        some["metadata"]["managedFields"] = [entry]
        return raw(some)

    fields: Mapping[str, Any] = {"f:spec": {"f:maxReplicas": {}, "f:metrics": {}}}

    def test_the_event_of_the_apply_translates_the_baseline(self) -> None:
        some = store()
        some.applied(HPA, self.answer(), baseline=True)
        assert is_as_applied(some, self.key)
        some.changed(HPA, self.event())
        assert seen(some, self.key).api_version == "autoscaling/v2"
        assert is_as_applied(some, self.key)

    def test_so_does_the_answer_when_the_event_was_first(self) -> None:
        some = store()
        some.changed(HPA, self.event())
        some.applied(HPA, self.answer(), baseline=True)
        assert seen(some, self.key).api_version == "autoscaling/v2"
        assert is_as_applied(some, self.key)

    def test_a_later_state_in_the_other_version_cannot_be_compared(self) -> None:
        some = store()
        some.applied(HPA, self.answer(5), baseline=True)
        some.changed(HPA, self.event(6))
        assert seen(some, self.key).baseline == ""

    def test_drift_after_the_translation_shows(self) -> None:
        some = store()
        some.applied(HPA, self.answer(5), baseline=True)
        some.changed(HPA, self.event(5))
        some.changed(HPA, self.event(6, limit=9))
        assert seen(some, self.key).baseline not in {"", seen(some, self.key).ownership}


def test_an_object_that_is_being_deleted_is_marked_at_once() -> None:
    some = filled((DEPLOYMENT, tracked(DEPLOYMENT, version=5)))
    going = deployment(6, metadata={"deletionTimestamp": "2026-11-24T00:00:00Z", "finalizers": ["x/y"]})
    assert wakes(some.deleting(DEPLOYMENT, KEY, going)) == {("shop", "object")}
    assert seen(some, KEY).is_going


def test_an_event_from_before_the_delete_does_not_unmark_it() -> None:
    some = filled((DEPLOYMENT, tracked(DEPLOYMENT, version=5)))
    some.deleting(DEPLOYMENT, KEY, deployment(7, metadata={"deletionTimestamp": "2026-11-24T00:00:00Z"}))
    some.changed(DEPLOYMENT, deployment(6))
    assert seen(some, KEY).is_going


def test_a_status_as_answer_means_that_the_object_is_gone() -> None:
    some = filled((DEPLOYMENT, tracked(DEPLOYMENT, version=5)))
    status = {"kind": "Status", "status": "Success", "metadata": {}, "details": {"uid": "uid-Deployment-front"}}
    assert wakes(some.deleting(DEPLOYMENT, KEY, raw(status))) == {("shop", "object")}
    assert some.get(KEY) is None


def test_the_last_state_as_answer_means_that_the_object_is_gone() -> None:
    some = filled((DEPLOYMENT, tracked(DEPLOYMENT, version=5)))
    some.deleting(DEPLOYMENT, KEY, deployment(6))
    assert some.get(KEY) is None


def test_no_answer_means_that_the_object_is_gone() -> None:
    some = filled((DEPLOYMENT, tracked(DEPLOYMENT, version=5)))
    some.deleting(DEPLOYMENT, KEY)
    assert some.get(KEY) is None


def test_an_answer_about_another_object_of_the_name_leaves_this_one() -> None:
    some = filled((DEPLOYMENT, body(DEPLOYMENT, version=9, uid="two")))
    some.deleting(DEPLOYMENT, KEY, uid="one")
    assert seen(some, KEY).uid == "two"
