"""`kubectl gitops diff APP`: what differs between Git and the cluster, field by field."""

from __future__ import annotations

import argparse

from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import Exit
from gitops_operator.cli.online.applications import get_application, key_named
from gitops_operator.cli.online.comparison import Compared, Comparison, settings_of
from gitops_operator.cli.online.data import as_data
from gitops_operator.cli.online.differences import differences
from gitops_operator.cli.online.progress import Progress
from gitops_operator.cli.online.reach import Reach, online
from gitops_operator.cli.online.words import now
from gitops_operator.model.change import Why
from gitops_operator.model.parsing import parse_application


def run(arguments: argparse.Namespace, console: Console) -> Exit:
    async def work(reach: Reach) -> Exit:
        key = await key_named(arguments, reach)
        application = parse_application(await get_application(reach, key))
        settings = settings_of(arguments, console.environ)
        progress = Progress(console)
        try:
            compared = await Comparison(reach, application, settings, progress).run(arguments.revision)
        finally:
            progress.clear()
        return _say(arguments, console, compared)

    return online(work, arguments, console)


def _say(arguments: argparse.Namespace, console: Console, compared: Compared) -> Exit:
    if arguments.output == "table":
        for line in differences(compared, now(), console.paint):
            console.line(line)
    else:
        console.document(as_data(compared), arguments.output)
    for remark in compared.remarks:
        console.note(f"warning: {remark}")
    if any(change.why is Why.KIND_NOT_READY for change in compared.differing):
        return Exit.TROUBLE
    return Exit.SEEN if compared.differing else Exit.FINE
