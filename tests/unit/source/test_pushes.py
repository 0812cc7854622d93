"""Which repositories, and what in them, a push concerns."""

import pytest

from gitops_operator.model.push import Push
from gitops_operator.source.pushes import is_concerned, place_of, places_of
from gitops_operator.source.urls import parse_url

PUSHED = Push(("https://git.example.com/team/shop",))
SHA = "bb0748feaa336d841c251017e4e374c22d0c8a98"


def is_meant(followed: str, *told: str) -> bool:
    return place_of(parse_url(followed)) in places_of(Push(told))


@pytest.mark.parametrize(
    "followed",
    [
        "https://git.example.com/team/shop.git",
        "https://git.example.com/team/shop",
        "https://git.example.com/team/shop/",
        "http://git.example.com:3000/team/shop.git",
        "https://robot:secret@git.example.com/team/shop.git",
        "https://GIT.example.com/Team/Shop.git",
        "https://git.example.com./team/shop",
        "ssh://git@git.example.com/team/shop.git",
        "ssh://git@git.example.com:2222/team/shop.git",
        "git@git.example.com:team/shop.git",
        "git@git.example.com:team/shop",
        "ssh://git@ssh.git.example.com:443/team/shop.git",
        "git@altssh.git.example.com:team/shop.git",
        "git+ssh://git@git.example.com/team/shop",
    ],
)
def test_however_a_repository_is_written_it_is_the_same(followed: str) -> None:
    assert is_meant(followed, "https://git.example.com/team/shop")


@pytest.mark.parametrize(
    "followed",
    [
        "https://git.example.com/team/shop2.git",
        "https://git.example.com/team",
        "https://git.example.com/other/team/shop",
        "https://git.example.com.evil.example/team/shop",
        "https://git.example.org/team/shop",
        "file:///team/shop",
    ],
)
def test_another_repository_is_not_meant(followed: str) -> None:
    assert not is_meant(followed, "https://git.example.com/team/shop")


@pytest.mark.parametrize(
    "followed",
    [
        "https://dev.azure.com/org/my%20project/_git/shop",
        "https://org@dev.azure.com/org/My%20Project/_git/shop",
        "git@ssh.dev.azure.com:v3/org/my%20project/shop",
        "https://org.visualstudio.com/my%20project/_git/shop",
        "https://org.visualstudio.com/DefaultCollection/my%20project/_git/shop",
        "org@vs-ssh.visualstudio.com:v3/org/my%20project/shop",
    ],
)
def test_azure_devops_has_several_addresses_for_the_same(followed: str) -> None:
    assert is_meant(followed, "https://dev.azure.com/org/My%20Project/_git/shop")


def test_azure_devops_leaves_out_a_project_of_the_same_name() -> None:
    assert is_meant("https://dev.azure.com/org/shop/_git/shop", "https://dev.azure.com/org/_git/shop")


def test_of_several_addresses_one_is_enough() -> None:
    told = (
        "git://git.example.com/shop.git",
        "nonsense",
        "https://git.example.com/scm/shop",
        "git@git.example.com:shop",
    )
    assert is_meant("ssh://git@git.example.com:7999/shop.git", *told)


@pytest.mark.parametrize(
    "target, moved, is_it",
    [
        ("main", "refs/heads/main", True),
        ("main", "refs/heads/other", False),
        ("main", "refs/heads/team/main", False),
        ("team/main", "refs/heads/team/main", True),
        ("refs/heads/main", "refs/heads/main", True),
        ("v1.2", "refs/tags/v1.2", True),
        ("refs/tags/v1.2", "refs/tags/v1.2", True),
        ("refs/tags/v1.2", "refs/heads/v1.2", False),
        ("v1.2", "v1.2", True),
        ("HEAD", "refs/heads/main", True),
        ("HEAD", "refs/heads/other", False),
        ("HEAD", "refs/tags/v1.2", False),
        ("abcdef1", "refs/heads/other", True),
        ("^1.2", "refs/tags/v1.3.0", True),
        (">=1.0 <2", "refs/tags/anything", True),
        ("1.x", "refs/heads/1.x", True),
        ("^1.2", "refs/heads/main", False),
        (SHA, "refs/heads/main", False),
        (SHA, SHA, False),
    ],
)
def test_only_what_a_reference_may_mean_is_concerned(target: str, moved: str, is_it: bool) -> None:
    assert is_concerned(target, Push(PUSHED.repositories, (moved,), "refs/heads/main")) is is_it


def test_where_the_default_branch_is_not_told_any_push_may_move_head() -> None:
    assert is_concerned("HEAD", Push(PUSHED.repositories, ("refs/heads/other",)))


def test_a_push_that_names_no_reference_may_have_moved_any() -> None:
    assert is_concerned("main", PUSHED)


def test_of_several_references_one_is_enough() -> None:
    assert is_concerned("main", Push(PUSHED.repositories, ("refs/heads/other", "refs/heads/main")))
