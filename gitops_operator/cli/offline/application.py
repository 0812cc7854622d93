"""The Application of a command: read from a file, or made up from what was said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import CommandError
from gitops_operator.cli.inputs import documents_of, read_input
from gitops_operator.model.application import Application
from gitops_operator.model.parsing import parse_application

_NAMESPACE = "gitops-operator"
NOBODYS: Mapping[str, Any] = {"kind": "Application", "metadata": {"namespace": _NAMESPACE, "name": "offline"}}


def application_in(file: str, console: Console) -> Application:
    """The one Application of a file; Argo CD's are read, too."""
    values = [document.value for document in documents_of(file, read_input(file, console))]
    found = [value for value in values if isinstance(value, dict) and value.get("kind") == "Application"]
    if len(found) != 1:
        raise CommandError(f"{file} holds {len(found) or 'no'} Applications; one is needed")
    return application_of(found[0], file)


def application_of(body: Mapping[str, Any], where: str = "app") -> Application:
    """An Application as its author wrote it; its namespace is the operator's where it names none."""
    metadata = body.get("metadata")
    spec = body.get("spec") or {}
    if not isinstance(metadata, Mapping) or not isinstance(metadata.get("name"), str) or not isinstance(spec, Mapping):
        raise CommandError(f"{where} is no Application: it has no metadata.name, or its spec is no object")
    try:
        application = parse_application({**body, "metadata": {"namespace": _NAMESPACE, **metadata}})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # The API server checks types before the operator reads them; here nobody has.
        raise CommandError(f"{where} is not an Application that the API server would accept: {error}") from None
    if application.problems:
        raise CommandError("\n".join(f"{where}: {problem}" for problem in application.problems))
    return application
