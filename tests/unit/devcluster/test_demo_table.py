import io
from typing import Any

from devcluster.demo.table import Row, Table, boxed, drawn, row_of

WELL = Row("web", "Synced", "Healthy", "abcdef0", "Live objects equal main.", is_ready=True)
ILL = Row("web", "OutOfSync", "Missing", "abcdef0", "Sync wave 0.")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_an_application_is_well_when_it_is_synced_healthy_and_at_rest() -> None:
    assert WELL.is_well
    assert not WELL._replace(is_ready=False).is_well
    assert not WELL._replace(health="Progressing").is_well


def test_a_row_shows_what_status_says() -> None:
    status = {
        "sync": {"status": "Synced", "revisions": ["abcdef0123"]},
        "health": {"status": "Healthy"},
        "conditions": [condition("Stalled", "False", ""), condition("Ready", "True", "Live objects\nequal main.")],
    }
    assert row_of({"metadata": {"name": "web"}, "status": status}) == WELL


def test_an_application_without_status_was_not_looked_at() -> None:
    assert row_of({"metadata": {"name": "web"}}) == Row("web", message="Not looked at yet.")


def test_a_message_is_cut_where_the_line_is_full() -> None:
    (line,) = drawn([WELL._replace(message="x" * 200)], 80)
    assert len(line) == 80
    assert line.endswith("x…")


def test_without_a_terminal_only_what_changed_is_printed_again() -> None:
    output = io.StringIO()
    table, other = Table(output), ILL._replace(name="api")
    for rows in ([ILL, other], [ILL, other], [WELL, other]):
        table.show(rows)
    assert [line.split()[2] for line in output.getvalue().splitlines()[1:]] == ["web", "api", "web"]
    assert "\x1b" not in output.getvalue()


def test_on_a_terminal_the_table_is_drawn_over_itself() -> None:
    output = Terminal()
    table = Table(output)
    table.show([ILL])
    table.show([WELL])
    assert output.getvalue().count("\x1b[2A") == 1
    assert output.getvalue().count("\n") == 4


def test_a_box_is_as_wide_as_its_widest_cell() -> None:
    assert boxed(("what", "took"), [("drift → healed", "0.2 s")]).splitlines() == [
        "what            took",
        "--------------  -----",
        "drift → healed  0.2 s",
    ]


def condition(kind: str, status: str, message: str) -> dict[str, Any]:
    return {"type": kind, "status": status, "message": message}
