"""The process: settings, signals, the Kopf thread, the engine."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence

from gitops_operator import logs
from gitops_operator.assembly import assemble, session_of
from gitops_operator.errors import GitOpsError
from gitops_operator.footprint import spare
from gitops_operator.handlers import KopfThread
from gitops_operator.metrics import Metrics
from gitops_operator.settings import Settings, read_settings
from gitops_operator.wakeups import Priority, Wakeups

_USAGE = "usage: gitops-operator run [--help] [settings]\n"

_log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 after SIGTERM or SIGINT, 1 when the operator cannot start, 2 for wrong usage."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] != ["run"]:
        wants_help = given[:1] in (["-h"], ["--help"])
        (sys.stdout if wants_help else sys.stderr).write(_USAGE)
        return 0 if wants_help else 2
    settings = read_settings(given[1:], os.environ)
    logs.configure(settings.log_format, settings.log_level)
    spare()
    try:
        asyncio.run(_run(settings))
    except (GitOpsError, OSError) as error:
        _log.critical("the operator cannot start: %s", error)
        return 1
    return 0


async def _run(settings: Settings) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    metrics, wakeups = Metrics(), Wakeups(loop.time)
    wakeups.bind(loop)
    engine = await assemble(settings, wakeups, metrics)
    kopf = KopfThread(
        lambda key: wakeups.wake_threadsafe(key, Priority.USER),
        lambda: session_of(settings),
        on_restart=metrics.kopf_restarts.inc,
    )
    kopf.start()
    try:
        await engine.run(stop)
    finally:
        await asyncio.to_thread(kopf.stop)
    _log.info("ended")


if __name__ == "__main__":
    sys.exit(main())
