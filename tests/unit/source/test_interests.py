from dataclasses import replace

import pygit2

from gitops_operator.errors import SourceError
from gitops_operator.source.failures import Reason, failure
from gitops_operator.source.interests import Answer, Interest, fold, is_news
from gitops_operator.source.mirror import Commit
from gitops_operator.source.tree import CommitTree

DOWN = failure(Reason.TIMEOUT, "did not answer")
GONE = failure(Reason.REVISION_NOT_FOUND, "no branch main")


class Nowhere:
    """No file of these commits is ever read."""

    def repository(self) -> pygit2.Repository:
        raise AssertionError("nothing is read here")

    def damaged(self, error: Exception) -> SourceError:
        raise AssertionError("nothing is read here") from error


def commit(digit: str) -> Commit:
    tree = CommitTree(Nowhere(), "https://git.example.com/shop", digit * 40, "f" * 40)
    return Commit(digit * 40, 1000.0, "subject", "author", tree)


FIRST = fold(Answer(), commit("1"), None, "main")


def test_a_first_look_gives_the_commit() -> None:
    assert FIRST.resolved is not None
    assert FIRST.resolved.revision == ("1" * 40, "main")
    assert FIRST.error is FIRST.resolved.stale is None


def test_a_look_without_news_gives_the_same_value() -> None:
    assert fold(FIRST, commit("1"), None, "main") is FIRST
    failed = fold(FIRST, None, DOWN, "main")
    assert fold(failed, None, failure(Reason.TIMEOUT, "did not answer"), "main") is failed


def test_an_error_keeps_the_commit_that_was_known_as_stale() -> None:
    answer = fold(FIRST, None, DOWN, "main")
    assert (answer.sha, answer.error) == ("1" * 40, DOWN)
    assert answer.resolved is not None
    assert answer.resolved.stale is DOWN


def test_an_error_without_a_commit_is_all_there_is() -> None:
    assert fold(Answer(), None, GONE, "main") == (None, GONE)


def test_recovery_takes_the_staleness_away() -> None:
    answer = fold(fold(FIRST, None, DOWN, "main"), commit("1"), None, "main")
    assert answer.error is None
    assert answer.resolved is not None
    assert answer.resolved.stale is None


def test_a_remembered_commit_is_stale_from_the_beginning() -> None:
    answer = fold(Answer(), commit("1"), DOWN, "main")
    assert answer.resolved is not None
    assert answer.resolved.stale is DOWN


def test_who_asked_hears_of_any_answer() -> None:
    told = Interest("main", "", told=FIRST)
    assert not is_news(told, FIRST)
    assert is_news(Interest("main", "", told=FIRST, is_waiting=True), FIRST)
    assert is_news(Interest("main", "", told=FIRST, is_refreshing=True), FIRST)


def test_an_error_that_comes_or_goes_or_changes_is_news() -> None:
    failed = fold(FIRST, None, DOWN, "main")
    other = fold(FIRST, None, GONE, "main")
    assert is_news(Interest("main", "", told=FIRST), failed)
    assert is_news(Interest("main", "", told=failed), FIRST)
    assert is_news(Interest("main", "", told=failed), other)
    assert not is_news(Interest("main", "", told=failed), failed)


def test_another_commit_is_for_the_trees_to_judge() -> None:
    assert not is_news(Interest("main", "", told=FIRST), fold(FIRST, commit("2"), None, "main"))


def test_an_application_reads_its_path_and_what_it_noted() -> None:
    assert Interest("main", "apps/a", reads=frozenset({"shared"})).paths == {"apps/a", "shared"}


def test_a_tag_that_moves_along_at_the_same_commit_is_told() -> None:
    before = fold(Answer(), replace(commit("1"), tag="v1.0.0"), None, "1.x")
    after = fold(before, replace(commit("1"), tag="v1.0.1"), None, "1.x")
    assert after.resolved is not None
    assert after.resolved.note.tag == "v1.0.1"
    assert fold(after, replace(commit("1"), tag="v1.0.1"), None, "1.x") is after
