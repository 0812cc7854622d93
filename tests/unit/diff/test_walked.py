"""Verdicts that rest on the coverage walk are slow to find, and hold for as long as nothing moves."""

from dataclasses import replace

from gitops_operator.diff import compare, walked
from tests.unit.diff.objects import CONTEXT, applied, resource, snapshot

MAP = resource(data={"color": "red"})
LIVE = applied(MAP, baseline="")


def test_what_a_restart_leaves_unknown_is_walked() -> None:
    [change] = walked([MAP], snapshot(LIVE), CONTEXT)
    assert change.unverified


def test_what_is_known_to_be_as_we_left_it_is_not_walked() -> None:
    assert list(walked([MAP], snapshot(applied(MAP)), CONTEXT)) == []


def test_a_known_verdict_is_not_walked_again_and_is_the_one_that_is_given() -> None:
    known = {change.key: change for change in walked([MAP], snapshot(LIVE), CONTEXT)}
    assert list(walked([MAP], snapshot(LIVE), CONTEXT, known)) == []
    assert compare([MAP], snapshot(LIVE), CONTEXT, known)[0] is known[MAP.key]


def test_a_verdict_on_another_sight_of_the_object_is_made_anew() -> None:
    known = {change.key: change for change in walked([MAP], snapshot(LIVE), CONTEXT)}
    moved = replace(LIVE, resource_version="2")
    assert [change.live for change in walked([MAP], snapshot(moved), CONTEXT, known)] == [moved]
    assert compare([MAP], snapshot(moved), CONTEXT, known)[0].live is moved


def test_a_verdict_on_what_git_wanted_before_is_made_anew() -> None:
    known = {change.key: change for change in walked([MAP], snapshot(LIVE), CONTEXT)}
    wanted = resource(data={"color": "green"})
    assert compare([wanted], snapshot(LIVE), CONTEXT, known)[0].desired is wanted
