"""File locks that the kernel gives back when their holder dies, however it dies."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from devcluster.waiting import wait_until


def try_lock(path: Path) -> int | None:
    """Takes the lock and returns its descriptor, or None when another process holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_locked(path: Path) -> bool:
    """Whether a live process holds the lock."""
    if not path.exists():
        return False
    descriptor = try_lock(path)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


@contextmanager
def locked(path: Path, *, timeout: float, while_waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Holds the lock for a block, waiting for its turn."""
    taken: list[int] = []

    def take() -> bool:
        descriptor = try_lock(path)
        if descriptor is None:
            if while_waiting:
                while_waiting()
            return False
        taken.append(descriptor)
        return True

    wait_until(take, f"the lock {path}, which another process holds", timeout=timeout, interval=0.2)
    try:
        yield
    finally:
        os.close(taken[0])
