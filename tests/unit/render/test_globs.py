from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_operator.render.globs import compile_glob


@pytest.mark.parametrize(
    "pattern, path, matches",
    [
        ("*.yaml", "a.yaml", True),
        ("*.yaml", "deep/er/a.yaml", True),
        ("*", ".hidden/a", True),
        ("**/a.yaml", "a.yaml", False),
        ("**/a.yaml", "b/c/a.yaml", True),
        ("{a,b}.yaml", "b.yaml", True),
        ("{a,b}.yaml", "c.yaml", False),
        ("{prod/*,{dev,test}/app.yaml}", "test/app.yaml", True),
        ("{prod/*,{dev,test}/app.yaml}", "test/other.yaml", False),
        ("{a,}b", "b", True),
        ("{a,ab}{bc,c}", "abc", True),
        ("{ab*}x", "abzx", True),
        ("a?c", "a/c", True),
        ("?at", "at", False),
        ("[abc].yaml", "b.yaml", True),
        ("[!abc].yaml", "b.yaml", False),
        ("[a-c]x", "cx", True),
        ("[!a-c]x", "dx", True),
        ("[a-]x", "-x", True),
        (r"\*.yaml", "*.yaml", True),
        (r"\*.yaml", "a.yaml", False),
        ("a,b}", "a,b}", True),
        ("a.yaml", "axyaml", False),
        ("", "", True),
        ("", "a", False),
    ],
)
def test_globs_match_as_in_argo_cd(pattern: str, path: str, matches: bool) -> None:
    assert compile_glob(pattern)(path) is matches


@pytest.mark.parametrize("pattern", ["{a,b", "[abc", "a\\", "{" * 30, "x" * 2000])
def test_a_glob_that_is_not_complete_is_an_error(pattern: str) -> None:
    with pytest.raises(ValueError, match="glob"):
        compile_glob(pattern)


def test_no_glob_takes_for_ever() -> None:
    assert not compile_glob("*a" * 100 + "b")("a" * 500)
    assert not compile_glob("{*,**}" * 50 + "b")("a" * 200)


@given(st.text("ab*?/", max_size=8), st.text("ab/", max_size=8))
def test_stars_and_question_marks_are_those_of_a_regular_expression(pattern: str, path: str) -> None:
    expression = "".join({"*": ".*", "?": "."}.get(part, part) for part in pattern)
    assert compile_glob(pattern)(path) is bool(re.fullmatch(expression, path, re.DOTALL))
