"""`python -m tests.cluster.counted FILE run …`: the operator, which tells FILE of its tasks when it gets SIGUSR2."""

import asyncio
import signal
import sys
from pathlib import Path

from gitops_operator.__main__ import main


def tell(*_: object) -> None:
    """A line for each, so that a leak has a name."""
    Path(sys.argv[1]).write_text("".join(f"{task.get_coro()}\n" for task in asyncio.all_tasks()))


if __name__ == "__main__":
    signal.signal(signal.SIGUSR2, tell)
    sys.exit(main(sys.argv[2:]))
