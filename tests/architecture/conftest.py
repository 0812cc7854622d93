import pytest

from tests.architecture import sizes


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The tail of the sizes, at each run: what grows is seen before it is too large."""
    for title, rows in [("modules", sizes.modules()), ("functions", sizes.functions())]:
        terminalreporter.section(f"the ten largest {title}", sep="-")
        for row in rows[:10]:
            terminalreporter.write_line(f"{row.lines:>5} {row.where}")
