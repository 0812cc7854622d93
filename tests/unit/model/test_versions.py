import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_operator.model.versions import parse_range, parse_version


def holds(text: str, version: str) -> bool:
    versions, one = parse_range(text), parse_version(version)
    assert versions is not None
    assert one is not None
    return versions.holds(one)


# As Masterminds/semver v3.5.0 says, which Helm, Argo CD and Flux use (60,000 random pairs were compared, once).
# Different on purpose: `^*`, `<=*` and `>*` are any and none, `~0.0.0` ends before 0.1.0, `!=1.2` has no 1.2.3-rc.1.
@pytest.mark.parametrize(
    "text, inside, outside",
    [
        ("1.2.*", "1.2.0 v1.2.9 1.2", "1.3.0 1.1.9 1.2.3-rc.1 2.2.0"),
        ("1.2.x", "1.2.7", "1.3.0"),
        ("v1.x", "1.0.0 1.99.3", "2.0.0 0.9.0"),
        ("1.*", "1.0.0 1.9", "2.0.0"),
        ("*", "0.0.0 7.1.2 v3", "1.0.0-beta"),
        ("*-0", "0.0.0 1.0.0-beta", ""),
        ("^1.2", "1.2.0 1.9.9", "2.0.0 1.1.9"),
        ("^1.2.3", "1.2.3 1.3.0", "1.2.2 2.0.0"),
        ("^0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2"),
        ("^0.0.3", "0.0.3", "0.0.4"),
        ("^0.0", "0.0.9", "0.1.0"),
        ("^0", "0.9.9", "1.0.0"),
        ("^2.0.0-rc.1", "2.0.0-rc.2 2.1.0", "2.0.0-rc.0 3.0.0-alpha"),
        ("~1.2", "1.2.0 1.2.9", "1.3.0"),
        ("~1", "1.9.0", "2.0.0"),
        ("~1.2.3", "1.2.3 1.2.9", "1.2.2 1.3.0"),
        ("~>1.2.3", "1.2.4", "1.3.0"),
        ("=1.2.3", "1.2.3 1.2.3+build7", "1.2.4"),
        ("=1.2", "1.2.5", "1.3.0"),
        ("!=1.2.3", "1.2.4 1.2.2", "1.2.3"),
        ("!=1.2", "1.3.0 1.1.0", "1.2.5"),
        (">1.2.3", "1.2.4", "1.2.3 1.2.3+build7"),
        (">1.2", "1.3.0", "1.2.9"),
        (">11", "12.0.0", "11.1.0"),
        ("<2", "1.9.9", "2.0.0"),
        ("<=1.2", "1.2.9", "1.3.0"),
        ("<=1.2.3", "1.2.3", "1.2.4"),
        ("=<1.2.3", "1.2.3", "1.2.4"),
        ("=>1.2.3", "1.2.3", "1.2.2"),
        (">= 1.0 < 2", "1.0.0 1.9.9", "2.0.0 0.9.9"),
        (">=1.0, <2", "1.5.0", "2.0.0"),
        (">=1.0,<2", "1.5.0", "2.0.0"),
        ("1.2 - 1.4.5", "1.2.0 1.4.5", "1.4.6 1.1.0"),
        ("^1.2 || ~3.1.4", "1.9.0 3.1.5", "2.0.0 3.2.0"),
        (">=1.0.0-0", "1.0.0-alpha 2.0.0-rc.1 1.0.0", "0.9.0"),
        (">1.0.0-beta.2", "1.0.0-beta.11 1.0.0-rc 1.0.0", "1.0.0-beta.2 1.0.0-beta 1.0.0-alpha.9"),
        (">2024.01", "2024.02.05", "2024.01.31"),
    ],
)
def test_a_range_has_the_versions_that_helm_and_argo_cd_find_in_it(text: str, inside: str, outside: str) -> None:
    assert [one for one in inside.split() if not holds(text, one)] == []
    assert [one for one in outside.split() if holds(text, one)] == []


@pytest.mark.parametrize(
    "text", ["main", "HEAD", "v1", "1.2", "1.2.3-rc.1", "release-1", "", "~", ">=1<2", "1.2.3.4", "1.2 || main", "|| 1"]
)
def test_a_name_or_a_single_version_is_no_range(text: str) -> None:
    assert parse_range(text) is None


def test_the_highest_version_is_chosen_and_other_names_do_not_count() -> None:
    names = ["v1.2.9", "v1.2.10", "1.2.1", "stable", "v1.3.0", "v1.2.11-rc.1", "1.2.3.4"]
    versions = parse_range("1.2.*")
    assert versions is not None
    assert versions.best(names) == "v1.2.10"
    assert versions.best(names, prereleases=True) == "v1.2.11-rc.1"
    assert versions.best(["stable"]) is None


def test_the_choice_between_two_names_of_one_version_does_not_depend_on_their_order() -> None:
    versions = parse_range("^1")
    assert versions is not None
    assert versions.best(["1.2.0", "v1.2.0"]) == versions.best(["v1.2.0", "1.2.0"])


def test_the_nearest_lie_around_the_range() -> None:
    names = ["v0.9.0", "v1.0.0", "v1.1.0", "v3.0.0", "v3.1.0", "v4.0.0", "main"]
    versions = parse_range("2.*")
    assert versions is not None
    assert versions.nearest(names) == ["v1.0.0", "v1.1.0", "v3.0.0", "v3.1.0"]
    assert versions.nearest(["main"]) == []


@given(st.text(alphabet="0123456789.xX*<>=!~^|-+ ,vab", max_size=40))
def test_any_text_is_a_range_or_none(text: str) -> None:
    versions = parse_range(text)
    assert versions is None or versions.best(["1.0.0", "2.3.4-rc.1"]) in {None, "1.0.0", "2.3.4-rc.1"}
