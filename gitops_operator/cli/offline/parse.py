"""`parse`: what the operator reads in a file, or everything that is wrong with it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from gitops_operator.cli.batch import Answer, Case, answer_batch, part_of
from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import Exit
from gitops_operator.cli.inputs import STDIN, inputs_of
from gitops_operator.errors import Problem, RenderError
from gitops_operator.render.manifests import objects_in
from gitops_operator.render.yaml import ReadResult, read

_HEADINGS = ("PLACE", "APIVERSION", "KIND", "NAMESPACE", "NAME")


def run(arguments: argparse.Namespace, console: Console) -> Exit:
    """Exit 1 where a file has errors; what could be read is shown all the same."""
    if arguments.batch:
        return answer_batch(arguments.batch, answer, console)
    inputs = inputs_of(arguments, console)
    results = [(one.name, read(one.data, "" if one.name == STDIN else one.name)) for one in inputs]
    if arguments.output == "table":
        console.table(_HEADINGS, [row for name, result in results for row in _rows(name, result)])
    else:
        console.document([value for _, result in results for value in _objects(result)], arguments.output)
    for _, result in results:
        _say("warning", result.warnings, console)
        _say("error", result.problems, console)
    return Exit.SEEN if any(result.problems for _, result in results) else Exit.FINE


def answer(case: Case) -> Answer:
    text = part_of(case, "yaml", str)
    result = read(text.encode("utf-8", "surrogatepass"), "")
    if result.problems:
        raise RenderError(result.problems)
    return {"objects": list(_objects(result))}


def _objects(result: ReadResult) -> Iterator[Any]:
    return (value for document in result.documents for value, _ in objects_in(document.value))


def _rows(name: str, result: ReadResult) -> Iterator[list[str]]:
    for document in result.documents:
        for value, pointer in objects_in(document.value):
            place = f"{name}:{document.line}{pointer}"
            body = value if isinstance(value, dict) else {}
            metadata = body.get("metadata")
            metadata = metadata if isinstance(metadata, dict) else {}
            named = (body.get("apiVersion"), body.get("kind"), metadata.get("namespace"), metadata.get("name"))
            yield [place, *(str(word) if word else "-" for word in named)]


def _say(kind: str, problems: tuple[Problem, ...], console: Console) -> None:
    for problem in problems:
        console.note(f"{kind}: {problem}")
