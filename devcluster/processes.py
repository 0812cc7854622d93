"""Processes that die with us: started in groups of their own, logged to files, watched for an early death."""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from devcluster.errors import DevClusterError

_LAUNCHER = Path(__file__).with_name("launch.py")
_TAIL_LINES = 20


def dying_with_us(command: Sequence[str], signal_number: int = signal.SIGKILL) -> list[str]:
    """The command, changed to get the signal when the thread that starts it ends, however it ends."""
    launcher = [sys.executable, "-I", "-S", str(_LAUNCHER)]
    return [*launcher, str(os.getpid()), str(int(signal_number)), *command]


class Spawner:
    """One thread that starts all children, because the kernel ties a child to the thread that started it."""

    def __init__(self) -> None:
        self._orders: queue.SimpleQueue[tuple[Callable[[], subprocess.Popen[bytes]], Future[subprocess.Popen[bytes]]]]
        self._orders = queue.SimpleQueue()
        # A daemon thread lives until the very end of the process, after the handlers of atexit.
        threading.Thread(target=self._serve, name="devcluster-spawner", daemon=True).start()

    def start(self, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        future: Future[subprocess.Popen[bytes]] = Future()
        self._orders.put((lambda: _popen(command, log, environment), future))
        return future.result()

    def _serve(self) -> None:
        while True:
            order, future = self._orders.get()
            try:
                future.set_result(order())
            except Exception as error:  # noqa: BLE001  # it goes to who asked
                future.set_exception(error)


def _popen(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            dying_with_us(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,
        )


@dataclass
class Component:
    """A part of the control plane: its command, its log and, while it runs, its process."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(repr=False)
    process: subprocess.Popen[bytes] | None = None

    def start(self, spawner: Spawner) -> None:
        if self.is_running():
            raise DevClusterError(f"{self.name} runs already")
        self.process = spawner.start(self.command, self.log, self.environment)

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def has_died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def ensure_alive(self) -> None:
        if self.has_died():
            raise DevClusterError(self.obituary())

    def obituary(self) -> str:
        code = self.process.poll() if self.process else None
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        return f"{self.name} died ({how}); the end of its log {self.log}:\n{self.tail()}"

    def tail(self, lines: int = _TAIL_LINES) -> str:
        if not self.log.exists():
            return "  (no log)"
        text = self.log.read_text(errors="replace").splitlines()
        return "\n".join(f"  {line[:400]}" for line in text[-lines:]) or "  (empty)"

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self, patience: float) -> None:
        """Asks politely, waits so many seconds, then kills; 0 seconds kills at once."""
        if patience and self.is_running():
            self._signal(signal.SIGTERM)
            self._signal(signal.SIGCONT)
            self._wait(patience)
        if self.is_running():
            self._signal(signal.SIGKILL)
        self._wait(None)
        self.process = None

    def _signal(self, number: int) -> None:
        if self.process is None or self.process.poll() is not None:
            raise DevClusterError(f"{self.name} is not running")
        with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
            os.killpg(self.process.pid, number)

    def _wait(self, timeout: float | None) -> None:
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout)
