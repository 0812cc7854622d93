"""Waits for something to become true, and says what it waited for when it did not."""

import time
from collections.abc import Callable

from devcluster.errors import DevClusterError


def wait_until(
    condition: Callable[[], bool],
    what: str,
    *,
    timeout: float = 60.0,
    interval: float = 0.05,
    explain: Callable[[], str] | None = None,
) -> float:
    """Polls until the condition holds; returns the seconds it took."""
    started = time.monotonic()
    while not condition():
        waited = time.monotonic() - started
        if waited > timeout:
            detail = f"\n{explain()}" if explain else ""
            raise DevClusterError(f"waited {waited:.0f} s in vain: {what}{detail}")
        time.sleep(interval)
    return time.monotonic() - started
