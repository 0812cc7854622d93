"""The command line: `python -m devcluster.demo [--keep] [--kubeconfig FILE]`."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from devcluster.demo.access import own_cluster, users_cluster
from devcluster.demo.failure import DemoError
from devcluster.demo.scenes import play
from devcluster.demo.world import World
from devcluster.errors import DevClusterError

_DESCRIPTION = """\
Shows the operator at work: three Applications come up from Git, then a commit, drift, an autoscaled workload, a
deletion, a migration that somebody approves, and a rollback. It starts a control plane of its own on this machine
(some seconds once its programs are built), or uses a cluster of yours; in either case it takes everything down again.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    cluster = users_cluster(options.kubeconfig) if options.kubeconfig else own_cluster()
    try:
        with cluster as access, World(access) as world:
            play(world)
            if options.keep:
                world.stay()
    except (DemoError, DevClusterError) as error:
        print(f"\nThe demo failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0 if options.keep else 128 + signal.SIGINT
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devcluster.demo", description=_DESCRIPTION)
    parser.add_argument("--keep", action="store_true", help="stay up after the last scene, until Ctrl-C")
    parser.add_argument(
        "--kubeconfig",
        type=Path,
        metavar="FILE",
        help="use the current context of this kubeconfig; what the demo makes there is removed again",
    )
    return parser.parse_args(arguments)


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
