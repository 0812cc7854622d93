import pytest

from gitops_operator.errors import ClusterError
from gitops_operator.live import Store
from gitops_operator.model.resource import ResourceKey
from tests.unit.live.objects import APP, CONFIG_MAP, DEPLOYMENT, body, filled, key, raw, seen, store, tracked, wakes

KEY = key(CONFIG_MAP, "front")


def version_of(some: Store, of: ResourceKey = KEY) -> str | None:
    live = some.get(of)
    return live.resource_version if live else None


def test_a_newer_event_replaces_what_is_known() -> None:
    some = filled((CONFIG_MAP, body(CONFIG_MAP, version=5)))
    some.changed(CONFIG_MAP, raw(body(CONFIG_MAP, version=7)))
    assert version_of(some) == "7"


def test_the_store_never_goes_back_to_an_older_version_of_the_same_object() -> None:
    some = filled((CONFIG_MAP, body(CONFIG_MAP, version=10)))
    some.changed(CONFIG_MAP, raw(body(CONFIG_MAP, version=9)))
    assert version_of(some) == "10"


def test_versions_are_numbers_and_not_text() -> None:
    some = filled((CONFIG_MAP, body(CONFIG_MAP, version=9)))
    some.changed(CONFIG_MAP, raw(body(CONFIG_MAP, version=10)))
    assert version_of(some) == "10"


def test_the_same_event_twice_moves_nothing() -> None:
    some = store()
    first = some.changed(DEPLOYMENT, raw(tracked(DEPLOYMENT)))
    assert wakes(first) == {("shop", "object")}
    assert not some.changed(DEPLOYMENT, raw(tracked(DEPLOYMENT)))


def test_a_late_event_of_a_deleted_object_does_not_revive_it() -> None:
    some = filled((CONFIG_MAP, body(CONFIG_MAP, version=5)))
    some.deleted(CONFIG_MAP, raw(body(CONFIG_MAP, version=8)))
    some.changed(CONFIG_MAP, raw(body(CONFIG_MAP, version=7)))
    assert some.get(KEY) is None


def test_a_deletion_that_overtakes_the_creation_still_counts() -> None:
    some = store()
    some.deleted(CONFIG_MAP, raw(body(CONFIG_MAP, version=8)))
    some.changed(CONFIG_MAP, raw(body(CONFIG_MAP, version=5)))
    assert some.get(KEY) is None


def test_an_object_made_anew_under_the_same_name_takes_the_place() -> None:
    some = filled((CONFIG_MAP, body(CONFIG_MAP, version=5, uid="one")))
    some.changed(CONFIG_MAP, raw(body(CONFIG_MAP, version=9, uid="two")))
    assert seen(some, KEY).uid == "two"


@pytest.mark.parametrize("late", ["changed", "deleted"])
def test_words_about_an_older_object_of_the_name_do_not_touch_the_newer_one(late: str) -> None:
    some = filled((CONFIG_MAP, body(CONFIG_MAP, version=9, uid="two")))
    getattr(some, late)(CONFIG_MAP, raw(body(CONFIG_MAP, version=7, uid="one")))
    assert seen(some, KEY).uid == "two"


def test_a_deletion_of_a_later_object_ends_the_one_that_was_known_too() -> None:
    some = filled((CONFIG_MAP, body(CONFIG_MAP, version=5, uid="one")))
    some.deleted(CONFIG_MAP, raw(body(CONFIG_MAP, version=9, uid="two")))
    assert some.get(KEY) is None


def test_objects_whose_version_is_no_number_are_taken_as_they_come() -> None:
    some = store()
    for version in ("b", "a"):
        some.changed(
            CONFIG_MAP, raw(body(CONFIG_MAP, metadata={"resourceVersion": version, "generation": ord(version)}))
        )
    assert seen(some, KEY).generation == ord("a")
    assert seen(some, KEY).resource_version == ""


def test_only_so_many_of_the_dead_are_remembered() -> None:
    some = store()
    for number in range(5000):
        some.deleted(CONFIG_MAP, raw(body(CONFIG_MAP, name=f"c{number}", version=number + 2)))
    assert len(some._memory._dead) == 4096


def test_what_is_no_object_is_an_error_that_shows_no_content() -> None:
    with pytest.raises(ClusterError, match=r"kind ConfigMap cannot be read") as caught:
        store().changed(CONFIG_MAP, b'{"metadata": {"name": 5, "x": "hunter2"}}')
    assert "hunter2" not in caught.value.message


def test_nulls_in_metadata_are_as_good_as_nothing() -> None:
    empty = dict.fromkeys(
        ("annotations", "labels", "finalizers", "ownerReferences", "managedFields", "deletionTimestamp")
    )
    some = filled((CONFIG_MAP, body(CONFIG_MAP, metadata=empty)))
    assert seen(some, KEY).finalizers == ()


def test_items_of_a_list_may_lack_kind_and_version() -> None:
    some = store()
    item = {name: value for name, value in tracked(DEPLOYMENT).items() if name not in {"apiVersion", "kind"}}
    some.replaced(DEPLOYMENT, [raw(item)])
    assert some.body(key(DEPLOYMENT, "front")) == {**item, "apiVersion": "apps/v1", "kind": "Deployment"}
    assert some.tracked_by(APP)[0].api_version == "apps/v1"
