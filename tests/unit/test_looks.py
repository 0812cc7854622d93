"""Who has looked at its newest commit."""

from gitops_operator.looks import Looks
from gitops_operator.model.application import ApplicationKey

KEY = ApplicationKey("apps", "db")


def looks() -> tuple[Looks, list[ApplicationKey]]:
    told: list[ApplicationKey] = []
    return Looks(told.append), told


def test_nobody_is_current_before_the_first_look() -> None:
    some, told = looks()
    assert not some.is_current(KEY)
    some.ended(KEY, some.news(KEY))
    assert some.is_current(KEY)
    assert told == [KEY]


def test_news_has_to_be_looked_at() -> None:
    some, told = looks()
    some.ended(KEY, some.news(KEY))
    some.expect(KEY)
    assert not some.is_current(KEY)
    some.ended(KEY, some.news(KEY))
    assert told == [KEY, KEY]


def test_a_look_that_began_before_the_news_does_not_count() -> None:
    some, _ = looks()
    began = some.news(KEY)
    some.expect(KEY)
    some.ended(KEY, began)
    assert not some.is_current(KEY)


def test_a_look_that_finds_nothing_new_is_not_told() -> None:
    some, told = looks()
    some.ended(KEY, some.news(KEY))
    some.ended(KEY, some.news(KEY))
    assert told == [KEY]


def test_one_that_is_gone_is_forgotten() -> None:
    some, _ = looks()
    some.ended(KEY, some.news(KEY))
    some.forget(KEY)
    assert not some.is_current(KEY)
