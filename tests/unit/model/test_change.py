import pytest

from gitops_operator.model.change import Action, Change, Why, remarkable
from gitops_operator.model.resource import ResourceKey

KEY = ResourceKey("", "ConfigMap", "web", "front")


def test_of_what_is_in_sync_there_is_nothing_to_say() -> None:
    assert remarkable([Change(KEY, Action.NONE, Why.IN_SYNC)]) == ()


@pytest.mark.parametrize("why", [why for why in Why if why is not Why.IN_SYNC])
def test_of_everything_else_there_is(why: Why) -> None:
    change = Change(KEY, Action.NONE, why)
    assert remarkable([Change(KEY, Action.NONE, Why.IN_SYNC), change]) == (change,)


def test_what_is_not_verified_yet_is_remarkable() -> None:
    change = Change(KEY, Action.NONE, Why.IN_SYNC, unverified=True)
    assert remarkable([change]) == (change,)
