"""A comparison as people read it."""

from typing import Any

from gitops_operator.cli.online.comparison import Compared
from gitops_operator.cli.online.data import as_data
from gitops_operator.cli.online.differences import differences
from gitops_operator.model.change import Action, Change, Difference, Why
from gitops_operator.model.parsing import parse_application
from gitops_operator.model.resource import Origin, Resource, ResourceKey
from gitops_operator.model.revision import Revision
from gitops_operator.view import Desired
from tests.unit.cli.applications import NOW, SHA, application
from tests.unit.diff.objects import resource

MAP = resource()
KEY = MAP.key


def change(action: Action, why: Why, message: str = "", desired: Resource | None = MAP) -> Change:
    return Change(KEY if desired else ResourceKey("", "ConfigMap", "web", "old"), action, why, message, desired)


def field(desired: Any, live: Any, **more: Any) -> Difference:
    values = {"path": ".data.color", "manager": "kubectl-edit", "since": "2027-01-01T11:59:00Z", **more}
    return Difference(desired=desired, live=live, origin=Origin("shop.yaml", 7), location=("data", "color"), **values)


def compared(*changes: Change, fields: tuple[Difference, ...] = ()) -> Compared:
    desired = Desired(Revision(SHA, "main"), "", ())
    return Compared(parse_application(application()), desired, changes, {KEY: fields} if fields else {})


def lines(*changes: Change, fields: tuple[Difference, ...] = ()) -> list[str]:
    return list(differences(compared(*changes, fields=fields), NOW, lambda text, _: text))


def test_a_field_has_both_values_who_wrote_the_live_one_and_the_line_of_git() -> None:
    drifted = change(Action.UPDATE, Why.DRIFTED, "Somebody else took .data.color of it.")
    assert lines(drifted, fields=(field("red", "blue"),)) == [
        "~ ConfigMap web/front  somebody changed it  shop.yaml:3",
        "  .data.color",
        '    - "blue"   live: kubectl-edit, 60s ago',
        '    + "red"   Git: shop.yaml:7',
        "",
        "1 of 1 object differs from main (0123456): 1 to be updated.",
    ]


def test_a_field_that_git_dropped_has_no_line() -> None:
    gone = field(None, "blue")._replace(location=())
    shown = lines(change(Action.UPDATE, Why.DESIRED_CHANGED), fields=(gone,))
    assert shown[2:4] == ['    - "blue"   live: kubectl-edit, 60s ago', ""]


def test_a_text_of_several_lines_is_compared_line_by_line() -> None:
    shown = lines(change(Action.UPDATE, Why.DESIRED_CHANGED), fields=(field("a\nb\nc\n", "a\nB\nc\n"),))
    assert [line.strip() for line in shown[4:9]] == ["@@ -1,3 +1,3 @@", "a", "-B", "+b", "c"]


def test_a_text_that_lost_the_end_of_its_last_line_differs_in_that() -> None:
    shown = lines(change(Action.UPDATE, Why.DESIRED_CHANGED), fields=(field("a\nb", "a\nb\n"),))
    assert shown[-3] == "    -"


def test_lists_and_objects_are_compared_as_yaml() -> None:
    shown = lines(change(Action.UPDATE, Why.DESIRED_CHANGED), fields=(field([{"a": 1}], [{"a": 2}]),))
    assert [line.strip() for line in shown[5:7]] == ["-- a: 2", "+- a: 1"]


def test_what_differs_in_other_words_only_says_so() -> None:
    assert "    No field differs: Git says the same in other words." in lines(
        change(Action.UPDATE, Why.DESIRED_CHANGED)
    )


def test_the_summary_tells_what_would_be_done_from_what_cannot_be_told() -> None:
    shown = lines(
        change(Action.CREATE, Why.MISSING),
        change(Action.PRUNE, Why.NOT_DESIRED, desired=None),
        change(Action.NONE, Why.CONFLICT, "it belongs to shop"),
        change(Action.NONE, Why.KIND_NOT_READY, "you may not read it"),
        change(Action.NONE, Why.IN_SYNC),
    )
    assert shown[-1] == (
        "3 of 5 objects differ from main (0123456): 1 to be created, 1 to be pruned, 1 in the way of a sync. "
        "1 object cannot be compared."
    )


def test_nothing_that_differs_is_one_line() -> None:
    assert lines(change(Action.NONE, Why.IN_SYNC)) == ["No differences from main (0123456): 1 object compared."]


def test_programs_get_the_line_of_the_field_and_of_the_object() -> None:
    found = as_data(compared(change(Action.UPDATE, Why.DRIFTED), fields=(field("red", "blue"),)))
    [entry] = found["objects"]
    assert (entry["action"], entry["reason"], entry["file"], entry["line"]) == ("update", "Drifted", "shop.yaml", 3)
    assert entry["differences"] == [
        {
            "path": ".data.color",
            "desired": "red",
            "live": "blue",
            "manager": "kubectl-edit",
            "since": "2027-01-01T11:59:00Z",
            "file": "shop.yaml",
            "line": 7,
        }
    ]


def test_a_value_cannot_speak_to_the_terminal() -> None:
    shown = lines(change(Action.UPDATE, Why.DESIRED_CHANGED), fields=(field("a\x1b[31m\nb", "x\ny"),))
    assert not any("\x1b" in line for line in shown)
