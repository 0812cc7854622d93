from gitops_operator.live import Store
from gitops_operator.model.kind import Kind
from tests.unit.live.objects import CONFIG_MAP, DEPLOYMENT, body, filled, key, raw, seen, store, tracked, wakes


def names(some: Store, kind: Kind = CONFIG_MAP) -> list[str]:
    return sorted(live.key.name for live in some.in_namespace("web") if live.key.kind == kind.kind)


def test_what_a_list_does_not_have_is_gone() -> None:
    some = filled((CONFIG_MAP, body(CONFIG_MAP, "a")), (CONFIG_MAP, body(CONFIG_MAP, "b")))
    some.replaced(CONFIG_MAP, [raw(body(CONFIG_MAP, "b")), raw(body(CONFIG_MAP, "c", 2))])
    assert names(some) == ["b", "c"]


def test_a_deletion_that_only_a_list_shows_wakes_the_application() -> None:
    some = filled((DEPLOYMENT, tracked(DEPLOYMENT)))
    assert wakes(some.replaced(DEPLOYMENT, [])) == {("shop", "object")}


def test_a_list_of_another_kind_takes_nothing_away() -> None:
    some = filled((CONFIG_MAP, body(CONFIG_MAP, "a")))
    some.replaced(DEPLOYMENT, [])
    assert names(some) == ["a"]


def test_a_list_of_one_namespace_takes_nothing_from_another() -> None:
    some = filled((CONFIG_MAP, body(CONFIG_MAP, "a")), (CONFIG_MAP, body(CONFIG_MAP, "b", namespace="db")))
    some.replaced(CONFIG_MAP, [], "db")
    assert names(some) == ["a"]
    assert some.get(key(CONFIG_MAP, "b", "db")) is None


def test_a_list_of_what_is_known_moves_nothing() -> None:
    objects = [raw(tracked(DEPLOYMENT, f"d{number}", number + 1)) for number in range(5)]
    some = store()
    some.replaced(DEPLOYMENT, objects)
    assert not some.replaced(DEPLOYMENT, objects)


def test_what_we_wrote_after_the_list_was_made_survives_it() -> None:
    some = filled((CONFIG_MAP, body(CONFIG_MAP, "old", 5)))
    some.applied(CONFIG_MAP, raw(body(CONFIG_MAP, "new", 9)), baseline=False)
    some.replaced(CONFIG_MAP, [raw(body(CONFIG_MAP, "old", 5))])
    assert names(some) == ["new", "old"]


def test_the_next_list_decides_about_it() -> None:
    some = store()
    some.applied(CONFIG_MAP, raw(body(CONFIG_MAP, "new", 9)), baseline=False)
    some.replaced(CONFIG_MAP, [])
    assert names(some) == ["new"]
    some.replaced(CONFIG_MAP, [])
    assert names(some) == []


def test_what_we_wrote_before_the_list_was_made_is_gone_when_the_list_lacks_it() -> None:
    some = store()
    some.applied(CONFIG_MAP, raw(body(CONFIG_MAP, "new", 9)), baseline=False)
    some.replaced(CONFIG_MAP, [raw(body(CONFIG_MAP, "younger", 12))])
    assert names(some) == ["younger"]


def test_what_an_event_confirmed_has_no_privilege() -> None:
    some = store()
    some.applied(CONFIG_MAP, raw(body(CONFIG_MAP, "new", 9)), baseline=False)
    some.changed(CONFIG_MAP, raw(body(CONFIG_MAP, "new", 9)))
    some.replaced(CONFIG_MAP, [])
    assert names(some) == []


def test_an_older_list_does_not_undo_our_write() -> None:
    some = store()
    some.applied(DEPLOYMENT, raw(tracked(DEPLOYMENT, version=9, digest="v1:new")), baseline=True)
    some.replaced(DEPLOYMENT, [raw(tracked(DEPLOYMENT, version=4, digest="v1:old"))])
    assert seen(some, key(DEPLOYMENT, "front")).digest == "v1:new"


def test_an_older_list_does_not_revive_what_we_deleted() -> None:
    some = filled((CONFIG_MAP, body(CONFIG_MAP, "a", uid="one")))
    some.deleting(CONFIG_MAP, key(CONFIG_MAP, "a"), uid="one")
    some.replaced(CONFIG_MAP, [raw(body(CONFIG_MAP, "a", uid="one"))])
    assert names(some) == []


def test_a_large_list_comes_in_steps_between_which_others_may_work() -> None:
    some = store()
    replacement = some.replacing(CONFIG_MAP)
    replacement.add(raw(body(CONFIG_MAP, f"c{number}", number + 1)) for number in range(100))
    assert len(some) == 100
    some.applied(CONFIG_MAP, raw(body(CONFIG_MAP, "new", 900)), baseline=False)
    replacement.add(raw(body(CONFIG_MAP, f"d{number}", number + 1)) for number in range(150))
    replacement.done()
    assert len(some) == 251


def test_nothing_is_gone_before_a_list_is_complete() -> None:
    some = filled((CONFIG_MAP, body(CONFIG_MAP, "a")))
    replacement = some.replacing(CONFIG_MAP)
    replacement.add([raw(body(CONFIG_MAP, "b", 2))])
    assert names(some) == ["a", "b"]
    replacement.done()
    assert names(some) == ["b"]


def test_what_was_deleted_while_the_list_was_sent_is_gone() -> None:
    some = store()
    replacement = some.replacing(CONFIG_MAP)
    replacement.add([raw(body(CONFIG_MAP, "a", 1)), raw(body(CONFIG_MAP, "b", 2))])
    replacement.drop(raw(body(CONFIG_MAP, "a", 3)))
    assert names(some) == ["b"]
    replacement.done()
    assert names(some) == ["b"]
