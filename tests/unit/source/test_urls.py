import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_operator.errors import SourceError
from gitops_operator.source.urls import parse_url


@pytest.mark.parametrize(
    "text",
    [
        "https://git.example.com/team/shop.git",
        "https://git.example.com:8443/team/shop.git",
        "http://[2001:db8::1]:8080/shop.git",
        "ssh://git@git.example.com/team/shop.git",
        "ssh://git@git.example.com:2222/team/shop.git",
        "git@git.example.com:team/shop.git",
        "file:///srv/git/shop.git",
    ],
)
def test_a_url_is_shown_as_it_was_written(text: str) -> None:
    assert parse_url(text).shown == text


def test_a_scp_like_url_goes_to_port_22_with_a_relative_path() -> None:
    url = parse_url("git@Git.Example.com:team/shop.git")
    assert (url.scheme, url.host, url.port, url.user, url.path) == (
        "ssh",
        "git.example.com",
        22,
        "git",
        "team/shop.git",
    )


def test_a_login_in_a_url_is_decoded_and_not_shown() -> None:
    url = parse_url("https://bob:correct%40horse@git.example.com/shop.git")
    assert (url.user, url.password) == ("bob", "correct@horse")
    assert url.shown == "https://git.example.com/shop.git"
    assert "horse" not in repr(url)


def test_a_default_port_is_not_shown() -> None:
    assert parse_url("https://git.example.com:443/shop").shown == "https://git.example.com/shop"


@pytest.mark.parametrize(
    "text, part",
    [
        ("", "is empty"),
        ("ftp://git.example.com/shop", "ftp://"),
        ("https://git.example.com", "names no path"),
        ("https:///shop", "names no host"),
        ("https://git..example.com/shop", "not the name of a host"),
        (f"git@{'g' * 64}.example.com:shop", "not the name of a host"),
        ("https://git.example.com:port/shop", "malformed"),
        ("https://git.example.com/shop?ref=main", "query"),
        ("https://git.example.com/shop#main", "fragment"),
        ("https://git.example.com/sh op", "blanks"),
        ("https://git.example.com/shop\n", ""),
        ("file://server/shop", "absolute path"),
        ("shop", "is not the URL"),
        ("/srv/git/shop", "is not the URL"),
    ],
)
def test_what_is_no_url_is_told_why(text: str, part: str) -> None:
    if not part:
        assert parse_url(text).shown == text.strip()
        return
    with pytest.raises(SourceError, match=part) as caught:
        parse_url(text)
    assert caught.value.reason == "UnsupportedURL"
    assert not caught.value.transient


def test_a_password_in_a_broken_url_is_not_repeated() -> None:
    for text in ("bob:correct-horse@git.example.com/shop", "https://bob:correct-horse@git.example.com:x/shop"):
        with pytest.raises(SourceError) as caught:
            parse_url(text)
        assert "horse" not in caught.value.message


@pytest.mark.parametrize(
    "other",
    [
        "https://git.example.com/team/shop",
        "https://GIT.example.com/team/shop.git/",
        "https://git.example.com:443//team/shop.git",
        "https://bob@git.example.com/team/shop.git",
    ],
)
def test_spellings_of_one_repository_are_the_same(other: str) -> None:
    assert parse_url(other).identity == parse_url("https://git.example.com/team/shop.git").identity


@pytest.mark.parametrize(
    "other",
    [
        "http://git.example.com/team/shop",
        "https://git.example.com:8443/team/shop",
        "https://git.example.com/team/Shop",
        "ssh://git@git.example.com/team/shop",
    ],
)
def test_other_repositories_are_not_the_same(other: str) -> None:
    assert parse_url(other).identity != parse_url("https://git.example.com/team/shop").identity


def test_the_two_forms_of_an_ssh_url_name_one_repository() -> None:
    scp_like = parse_url("git@git.example.com:team/shop.git")
    assert scp_like.identity == parse_url("ssh://git@git.example.com/team/shop").identity


def test_a_prefix_ends_at_the_border_of_a_segment() -> None:
    shop = parse_url("https://git.example.com/team/shop")
    assert shop.is_below(parse_url("https://git.example.com/team"))
    assert not shop.is_below(parse_url("https://git.example.com/te"))
    assert not parse_url("https://git.example.com.evil.example/team/shop").is_below(
        parse_url("https://git.example.com/team")
    )


@given(st.text(max_size=60))
def test_any_text_is_a_url_or_a_clear_error(text: str) -> None:
    with contextlib.suppress(SourceError):
        shown = parse_url(text).shown
        assert parse_url(shown).shown == shown
