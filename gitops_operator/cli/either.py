"""Commands that answer of files without a cluster, or of an Application in a cluster."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import cast

from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import CommandError, Exit


def run_either(arguments: argparse.Namespace, console: Console, *, of_files: str, of_cluster: str) -> Exit:
    """A module is imported when it is needed: the cluster's client takes long to load."""
    is_offline = bool(arguments.batch or arguments.filename or arguments.live)
    if is_offline and arguments.applications:
        raise CommandError("name either an Application or files, not both")
    if not is_offline and len(arguments.applications) != 1:
        raise CommandError("name one Application, or give files with -f and --live (or --batch)")
    module = import_module(f"gitops_operator.cli.{of_files if is_offline else of_cluster}")
    return cast("Exit", module.run(arguments, console))
