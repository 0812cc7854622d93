"""`diff`: of files where files are given, else of an Application in a cluster."""

from __future__ import annotations

import argparse

from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import CommandError, Exit


def run(arguments: argparse.Namespace, console: Console) -> Exit:
    """The modules are imported when they are needed: the cluster's client takes long to load."""
    is_offline = bool(arguments.batch or arguments.filename or arguments.live)
    if is_offline and arguments.applications:
        raise CommandError("name either an Application or files, not both")
    if is_offline:
        from gitops_operator.cli.offline.diff import run as run_offline  # noqa: PLC0415 - as the docstring says

        return run_offline(arguments, console)
    if len(arguments.applications) != 1:
        raise CommandError("name one Application, or give files with -f and --live (or --batch)")
    from gitops_operator.cli.online.diff_app import run as run_online  # noqa: PLC0415 - as the docstring says

    return run_online(arguments, console)
