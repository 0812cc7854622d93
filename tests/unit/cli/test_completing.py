"""What a shell is offered."""

from collections.abc import Iterable, Mapping

from gitops_operator.cli.command import Completes
from gitops_operator.cli.commands import COMMANDS
from gitops_operator.cli.completing import Offer, complete


class Names:
    """Answers with the same names, and remembers the question."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.asked: tuple[Completes, Mapping[str, str]] | None = None

    def __call__(self, kind: Completes, given: Mapping[str, str]) -> Iterable[str]:
        self.asked = kind, given
        return self.names


def offered(*words: str, names: Names | None = None) -> list[str]:
    return [value for value, _ in complete(words, ask=names or Names()).values]


def test_the_first_word_is_a_command() -> None:
    assert {command.name for command in COMMANDS} <= set(offered(""))
    assert offered("ref") == ["refresh"]


def test_after_a_command_come_the_applications_of_the_namespace_that_is_named() -> None:
    names = Names("shop", "web")
    assert offered("get", "-n", "gitops", "s", names=names) == ["shop"]
    assert names.asked == (Completes.APPLICATION, {"--namespace": "gitops"})


def test_a_flag_with_equals_says_the_namespace_too() -> None:
    names = Names("shop")
    offered("get", "--namespace=gitops", "-A", "", names=names)
    assert names.asked == (Completes.APPLICATION, {"--namespace": "gitops", "--all-namespaces": "true"})


def test_a_dash_is_the_beginning_of_a_flag() -> None:
    assert offered("wait", "--f") == ["--for"]


def test_the_value_of_a_flag_is_one_of_its_choices() -> None:
    assert offered("get", "-o", "j") == ["json"]
    assert offered("get", "--output=j") == ["--output=json"]


def test_a_flag_that_bash_took_apart_is_put_together() -> None:
    assert offered("get", "--output", "=", "j") == ["--output=json"]
    assert offered("get", "--output", "=") == [f"--output={form}" for form in ("table", "wide", "json", "yaml", "name")]


def test_a_context_is_asked_for_where_one_goes() -> None:
    names = Names("dev")
    assert offered("get", "--context", "", names=names) == ["dev"]


def test_files_are_left_to_the_shell() -> None:
    assert complete(["parse", "-f", ""], ask=Names()) == Offer(files=Completes.FILE)


def test_an_unknown_command_has_no_words() -> None:
    assert offered("nonsense", "") == []
