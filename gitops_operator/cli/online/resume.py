"""`kubectl gitops resume`: act on suspended Applications again."""

from __future__ import annotations

import argparse

from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import Exit
from gitops_operator.cli.online.applications import chosen, edit, key_of
from gitops_operator.cli.online.reach import Reach, online


def run(arguments: argparse.Namespace, console: Console) -> Exit:
    async def work(reach: Reach) -> Exit:
        for body in await chosen(arguments, reach):
            if "suspend" in body["spec"]:
                await edit(reach.client, key_of(body), {"spec": {"suspend": None}})
                console.line(f"{key_of(body)} is resumed")
            else:
                console.line(f"{key_of(body)} is not suspended")
        return Exit.FINE

    return online(work, arguments, console)
