"""What the program says of its own use."""

import io
import re

import pytest

from gitops_operator.cli.command import Command
from gitops_operator.cli.commands import COMMANDS
from gitops_operator.cli.console import Console
from gitops_operator.cli.entry import call
from gitops_operator.cli.exits import Exit
from gitops_operator.cli.parser import parser_of
from tests.unit.cli.calls import Said


def called(*arguments: str) -> Said:
    out, err = io.StringIO(), io.StringIO()
    code = call(arguments, Console(io.BytesIO(), out, err, {}))
    return Said(code, out.getvalue(), err.getvalue())


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["dif"], "'dif' is not a command; did you mean 'diff'?"),
        (["parse"], "give the manifests with -f FILE"),
        (["parse", "-f", "nowhere.yaml"], "nowhere.yaml cannot be read: No such file or directory"),
        (["parse", "--fil", "x"], "unrecognized arguments: --fil x"),
        (["health", "-f", "x", "-o", "xml"], "invalid choice: 'xml'"),
        (["render"], "name the folder that holds the repository"),
        (["render", "nowhere"], "nowhere is not a folder"),
        (["plan", "--batch", "nowhere.jsonl"], "nowhere.jsonl cannot be read"),
    ],
)
def test_wrong_usage_is_told_in_one_sentence(arguments: list[str], message: str) -> None:
    said = called(*arguments)
    assert (said.code, said.out) == (Exit.TROUBLE, "")
    assert said.err.startswith("error: ")
    assert message in said.err


def test_without_a_command_all_commands_are_listed() -> None:
    said = called()
    assert said.code is Exit.FINE
    assert all(f"  {command.name} " in said.out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_examples_of_a_command_are_calls_that_it_takes(command: Command) -> None:
    parser = parser_of(COMMANDS)
    for _, line in command.examples:
        call_of_ours = line.partition("kubectl gitops ")[2]
        parser.parse_args(re.split(r"[|&<>)]", call_of_ours)[0].split())
