"""Runs a command with a cluster of its own, which lives as long as the command."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from devcluster.cluster import DevCluster
from devcluster.errors import DevClusterError
from devcluster.processes import dying_with_us

_ENDING = (signal.SIGTERM, signal.SIGHUP)


def run(command: Sequence[str], name: str) -> int:
    """The exit code of the command, or 128 and the number of the signal that ended it."""
    if shutil.which(command[0]) is None and command[0] != "kubectl":
        raise DevClusterError(f"there is no command {command[0]!r}")
    for number in _ENDING:
        signal.signal(number, _leave)
    with DevCluster(name) as cluster:
        process = subprocess.Popen(dying_with_us(command, signal.SIGTERM), env=cluster.environment())
        with _signals_are_for(process):
            code = process.wait()
    return code if code >= 0 else 128 - code


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


@contextmanager
def _signals_are_for(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Ctrl-C reaches the command by itself (the terminal signals the whole group); the others we pass on."""
    signal.signal(signal.SIGINT, lambda *_: None)
    for number in _ENDING:
        signal.signal(number, lambda number, _: process.send_signal(number))  # harmless when it has just ended
    try:
        yield
    finally:
        for number in _ENDING:
            signal.signal(number, _leave)
        signal.signal(signal.SIGINT, signal.default_int_handler)
