import pytest

from gitops_operator.source.references import find, is_full_sha, is_short_sha, names_of, nearby, prefixes_of

MAIN = "a" * 40
TAG = "b" * 40
REFERENCES = {"HEAD": MAIN, "refs/heads/main": MAIN, "refs/tags/v1": TAG, "refs/pull/7/head": TAG}


@pytest.mark.parametrize(
    "target, sha",
    [
        ("HEAD", MAIN),
        ("", MAIN),
        ("main", MAIN),
        ("v1", TAG),
        ("refs/tags/v1", TAG),
        ("refs/pull/7/head", TAG),
        ("refs/heads/v1", None),
        ("V1", None),
    ],
)
def test_a_target_names_a_reference(target: str, sha: str | None) -> None:
    assert find(target, REFERENCES) == sha


def test_a_branch_beats_a_tag_of_the_same_name() -> None:
    both = {"refs/heads/v1": MAIN, "refs/tags/v1": TAG}
    assert find("v1", both) == MAIN
    assert find("refs/tags/v1", both) == TAG


@pytest.mark.parametrize(
    "digits, full, short",
    [(6, False, False), (7, False, True), (39, False, True), (40, True, False), (41, False, False)],
)
def test_seven_to_forty_hex_digits_may_be_a_commit(digits: int, full: bool, short: bool) -> None:
    target = "aF0" * 14
    assert (is_full_sha(target[:digits]), is_short_sha(target[:digits])) == (full, short)


def test_what_holds_other_letters_is_no_commit() -> None:
    assert not is_short_sha("release")
    assert not is_short_sha("abcdefg")


def test_a_server_is_asked_only_for_what_may_be_meant() -> None:
    assert prefixes_of("main") == names_of("main") == ("refs/heads/main", "refs/tags/main")
    assert prefixes_of("refs/pull/7/head") == ("refs/pull/7/head",)
    assert prefixes_of("HEAD") == ("HEAD",)
    assert prefixes_of("abc1234") == prefixes_of("c" * 40) == ("refs/heads/", "refs/tags/")


def test_alike_names_are_offered_first_and_never_many() -> None:
    many = {f"refs/heads/team-{number}": MAIN for number in range(20)} | {"refs/tags/v1.2": TAG, "HEAD": MAIN}
    assert nearby("v1", many) == ["v1.2"]
    assert len(nearby("other", many)) == 5
    assert "HEAD" not in nearby("other", {"HEAD": MAIN, "refs/heads/main": MAIN})
