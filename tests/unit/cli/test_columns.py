"""Tables that end in prose."""

from gitops_operator.cli.online.columns import prose_last

HEADINGS = ("NAME", "MESSAGE")
LONG = "a long sentence about what is wrong " * 3


def lines(message: str, width: int) -> list[str]:
    return list(prose_last(HEADINGS, [["shop", message]], width, lambda text, _: text))


def test_nothing_is_cut_where_there_is_no_terminal() -> None:
    assert lines(LONG, 0)[1].endswith("wrong")


def test_the_prose_alone_is_cut() -> None:
    assert lines(LONG, 60)[1].startswith("shop   a long sentence")
    assert len(lines(LONG, 60)[1]) == 60


def test_prose_for_which_there_is_no_room_stands_below_its_row() -> None:
    heading, row, below = lines(LONG, 30)
    assert (heading, row) == ("NAME", "shop")
    assert below.startswith("  a long sentence")
    assert len(below) == 30
