"""`render`: the objects that a folder gives, as the operator would apply them, without its own annotations."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from gitops_operator.cli.batch import Answer, Case, answer_batch, part_of
from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import CommandError, Exit
from gitops_operator.cli.offline.application import NOBODYS, application_in, application_of
from gitops_operator.cli.offline.folder import Folder
from gitops_operator.cli.offline.scopes import is_namespaced_at_most, scope_of
from gitops_operator.errors import RenderError
from gitops_operator.model.application import Application, Directory
from gitops_operator.model.resource import Resource
from gitops_operator.render.build import Request
from gitops_operator.render.once import render_once
from gitops_operator.render.stamp import Stamped, stamp

_HEADINGS = ("FILE", "APIVERSION", "KIND", "NAMESPACE", "NAME")


def run(arguments: argparse.Namespace, console: Console) -> Exit:
    """Exit 1 where the files have errors; then nothing is printed but those, all of them."""
    if arguments.batch:
        return answer_batch(arguments.batch, answer, console)
    if not arguments.root:
        raise CommandError("name the folder that holds the repository: kubectl gitops render ROOT")
    application = application_in(arguments.app, console) if arguments.app else None
    try:
        stamped = _rendered(arguments.root, application, path=arguments.path, recurse=arguments.recurse)
    except RenderError as error:
        for problem in error.problems:
            console.error(str(problem))
        return Exit.SEEN
    if arguments.output == "table":
        console.table(_HEADINGS, [_row(resource) for resource in _all(stamped)])
    else:
        console.document([resource.body for resource in _all(stamped)], arguments.output)
    for warning in stamped.warnings:
        console.note(f"warning: {warning}")
    return Exit.FINE


def answer(case: Case) -> Answer:
    app = part_of(case, "app", dict, None)
    application = application_of(app) if app is not None else None
    path, recurse = part_of(case, "path", str, ""), part_of(case, "recurse", bool, default=False)
    stamped = _rendered(part_of(case, "root", str), application, path=path, recurse=recurse)
    return {"objects": [resource.body for resource in _all(stamped)]}


def _rendered(root: str, application: Application | None, *, path: str, recurse: bool) -> Stamped:
    """Without an Application nothing says where its objects go: they keep the namespaces that they name."""
    used = application or application_of(NOBODYS)
    source = replace(used.source, path=path or used.source.path)
    if recurse:
        source = replace(source, directory=replace(source.directory or Directory(), recurse=True))
    rendered = render_once(Request(Folder(root), source, used.key, used.namespace))
    scope = is_namespaced_at_most if application is None else scope_of
    return stamp(rendered, used.key, "", used.namespace, scope)


def _all(stamped: Stamped) -> tuple[Resource, ...]:
    """What is kept, then what runs as a hook."""
    return (*stamped.resources, *stamped.hooks)


def _row(resource: Any) -> list[str]:
    key = resource.key
    return [str(resource.origin), resource.api_version, key.kind, key.namespace or "-", key.name]
