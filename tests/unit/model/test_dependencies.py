"""Which Applications depend on which, and circles."""

from collections.abc import Callable, Iterable

import pytest

from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.dependencies import circle, dependencies_in, reached


def key(name: str) -> ApplicationKey:
    return ApplicationKey("apps", name)


def edges(text: str) -> Callable[[ApplicationKey], Iterable[ApplicationKey]]:
    """`ab bc` is: a depends on b, b on c."""
    return lambda one: [key(edge[1]) for edge in text.split() if key(edge[0]) == one]


def test_a_namespace_that_is_left_out_is_the_applications_own() -> None:
    named = [{"name": "db"}, {"name": "dns", "namespace": "platform"}, {"name": "db", "namespace": "apps"}]
    body = {"metadata": {"namespace": "apps", "name": "web"}, "spec": {"dependsOn": named}}
    assert dependencies_in(body) == (key("db"), ApplicationKey("platform", "dns"))


@pytest.mark.parametrize(
    "graph, way",
    [
        ("", ""),
        ("ab bc", ""),
        ("aa", "aa"),
        ("ab ba", "aba"),
        ("ab bc ca", "abca"),
        ("ab bc cb", ""),
        ("ab bc cd da ac", "acda"),
        ("ab ac bd cd", ""),
    ],
)
def test_the_shortest_way_back_is_the_circle(graph: str, way: str) -> None:
    assert circle(key("a"), edges(graph)) == tuple(map(key, way))


def test_all_that_is_reached_comes_once_and_oneself_only_in_a_circle() -> None:
    assert sorted(reached(key("a"), edges("ab ac bd cd"))) == [key("b"), key("c"), key("d")]
    assert sorted(reached(key("a"), edges("ab ba"))) == [key("a"), key("b")]
