"""`plan`: of files where files are given, else of an Application in a cluster."""

from __future__ import annotations

import argparse

from gitops_operator.cli.console import Console
from gitops_operator.cli.either import run_either
from gitops_operator.cli.exits import Exit


def run(arguments: argparse.Namespace, console: Console) -> Exit:
    return run_either(arguments, console, of_files="offline.plan", of_cluster="online.plan_app")
