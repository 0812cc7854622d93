"""Columns of text."""

from gitops_operator.cli.tables import Cell, printable, table


def test_columns_are_as_wide_as_what_is_in_them() -> None:
    assert list(table(("NAME", "AGE"), [["a-long-name", "1d"], ["b", "2h"]])) == [
        "NAME          AGE",
        "a-long-name   1d",
        "b             2h",
    ]


def test_a_table_that_is_too_wide_is_cut_in_its_widest_column() -> None:
    lines = list(table(("NAME", "MESSAGE"), [["front", "a message that says more than fits here"]], width=30))
    assert lines == ["NAME    MESSAGE", "front   a message that says m…"]


def test_a_cell_is_one_line_and_says_nothing_to_the_terminal() -> None:
    assert list(table(("A",), [["two\nlines \x1b[31mred"]])) == ["A", "two lines \N{REPLACEMENT CHARACTER}[31mred"]


def test_colours_do_not_count_as_width() -> None:
    lines = list(
        table(("A", "B"), [[Cell("x", "31"), "y"]], paint=lambda text, colour: f"<{text}>" if colour else text)
    )
    assert lines == ["A   B", "<x>   y"]


def test_messages_keep_their_lines_and_lose_control_characters() -> None:
    assert printable("one\ntwo\t\x07\x9b") == "one\ntwo\t\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"
