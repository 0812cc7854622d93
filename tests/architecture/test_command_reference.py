"""The page of kubectl gitops says what its table of commands says."""

from pathlib import Path

import pytest

from gitops_operator.cli.command import Argument, Command
from gitops_operator.cli.commands import COMMANDS
from gitops_operator.cli.exits import MEANINGS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "kubectl-gitops.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    """What stands under a heading."""
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def row(argument: Argument) -> str:
    """The row of a flag or of what stands without one."""
    value = str(argument.options.get("metavar", ""))
    optional = argument.options.get("nargs") in {"?", "*"}
    names = [*argument.names[:-1], f"{argument.names[-1]} {value}".strip()] if argument.is_flag else [value]
    shown = ", ".join(f"`{name}`" for name in names)
    meaning = argument.help.replace("|", "\\|")
    return f"| {shown}{' (optional)' if optional else ''} | {meaning} |"


def usage(command: Command) -> str:
    """The line that a section begins with."""
    places = [argument for argument in command.arguments if not argument.is_flag]
    shown = [(str(argument.options["metavar"]), argument.options.get("nargs") in {"?", "*"}) for argument in places]
    words = [f"[{name}]" if is_optional else name for name, is_optional in shown]
    return " ".join(["kubectl gitops", command.name, *words, "[flags]"])


def test_each_command_has_a_section_and_no_other() -> None:
    headings = [line.removeprefix("## ") for line in PAGE.splitlines() if line.startswith("## ")]
    names = [command.name for command in COMMANDS]
    assert [heading for heading in headings if heading.islower()] == names


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_section_says_how_a_command_is_called(command: Command) -> None:
    assert section(command.name).lstrip().startswith(f"```\n{usage(command)}\n```")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_section_has_a_row_for_each_argument_and_no_other(command: Command) -> None:
    rows = [line for line in section(command.name).splitlines() if line.startswith("| `")]
    assert rows == [row(argument) for argument in command.arguments]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_section_has_the_description_and_the_examples(command: Command) -> None:
    text = " ".join(section(command.name).split())
    assert " ".join(command.description.split()) in text
    for _, line in command.examples:
        assert line in text


def test_each_exit_code_has_its_row_and_no_other() -> None:
    rows = [line for line in section("Exit codes").splitlines() if line[:3].strip("| ").isdigit() or "130" in line]
    assert rows == [f"| {code.value} | {meaning} |" for code, meaning in MEANINGS.items()]
