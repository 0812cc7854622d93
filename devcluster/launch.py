"""Becomes a command that dies with the process that started it: `launch.py PARENT SIGNAL COMMAND…`.

Run as a script and not as a preexec function: code between fork and exec may deadlock in a threaded parent.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, signal_number, *command = sys.argv[1:]
    if sys.platform == "linux":
        _die_with(int(parent), int(signal_number))
    os.execvp(command[0], command)


def _die_with(parent: int, signal_number: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked
        sys.exit(1)


if __name__ == "__main__":
    main()
