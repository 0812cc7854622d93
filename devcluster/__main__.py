"""The command line: `python -m devcluster up | down | kubeconfig | list | run -- COMMAND | build | git FOLDER`."""

import argparse
import contextlib
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from devcluster import named, running
from devcluster.binaries import ensure_binaries, ensure_monitoring, ensure_packaging
from devcluster.errors import DevClusterError

_DESCRIPTION = """\
A throw-away real Kubernetes control plane: etcd, kube-apiserver (RBAC), kube-controller-manager, kube-scheduler,
and kwok in the kubelet's place. Its programs are built once from Go modules (some 9 minutes on 2 cores) into a cache
folder; after that a cluster starts in about 4 seconds, on free loopback ports, several at a time if you like.
"""
_EPILOG = """\
environment:
  DEVCLUSTER_CACHE    where the programs and the records of named clusters are kept
                      (default: gitops-operator-devcluster in XDG_CACHE_HOME or ~/.cache)
  KUBEBUILDER_ASSETS  a folder that holds all the programs already; nothing is built then

bad days: label or annotate a pod with devcluster/behaviour:
  crash-loop, init-crash-loop, image-pull-error, fail, slow (ready after 5 s), run (never completes), pending;
  `pending` also works on a Service of type LoadBalancer, an Ingress and a PersistentVolumeClaim.

examples:
  python -m devcluster run -- kubectl get nodes
  python -m devcluster up && export KUBECONFIG=$(python -m devcluster kubeconfig)
"""
_OWN_FAILURE = 125  # of `run`, to be told from the command's exit codes


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    commands: Mapping[str, Callable[[argparse.Namespace], int]] = {
        "up": _up,
        "down": _down,
        "kubeconfig": _kubeconfig,
        "list": _list,
        "run": _run,
        "build": _build,
        "git": _git,
        "hold": _hold,
    }
    try:
        return commands[options.command](options)
    except DevClusterError as error:
        print(f"devcluster: {error}", file=sys.stderr)
        return _OWN_FAILURE if options.command == "run" else 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m devcluster",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in (
        ("up", "start a cluster that stays up until `down`; print its kubeconfig"),
        ("down", "stop such a cluster"),
        ("kubeconfig", "print the path of its kubeconfig"),
    ):
        _add_name(commands.add_parser(name, help=text))
    commands.add_parser("list", help="print the names of the clusters that are up")
    run = commands.add_parser(
        "run",
        help="run a command with a cluster of its own",
        usage="python -m devcluster run [--name NAME] -- COMMAND [ARGUMENT…]",
        description="Sets KUBECONFIG, puts kubectl on PATH, passes the exit code on; 125: the cluster failed.",
    )
    _add_name(run)
    run.add_argument("words", nargs="+", metavar="COMMAND")
    build = commands.add_parser("build", help="only build the programs; print their folder")
    build.add_argument(
        "--all", action="store_true", help="also helm, kustomize, prometheus and promtool, which the tests use"
    )
    git = commands.add_parser("git", help="serve the bare repositories of a folder over HTTP and SSH until Ctrl-C")
    git.add_argument("folder", type=Path)
    _add_name(commands.add_parser("hold"))  # what `up` starts; without help, so not in the list
    return parser


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", default="devcluster", help="the cluster's name (default: %(default)s)")


def _up(options: argparse.Namespace) -> int:
    standing = named.up(options.name)
    print(f"The cluster {standing.name} is up at {standing.url}. To use it:\n", file=sys.stderr)
    print(f"export KUBECONFIG={standing.kubeconfig}")
    print(f"\n{standing.kubectl} get nodes", file=sys.stderr)
    option = "" if standing.name == "devcluster" else f" --name {standing.name}"
    print(f"python -m devcluster down{option}", file=sys.stderr)
    return 0


def _down(options: argparse.Namespace) -> int:
    named.down(options.name)
    return 0


def _kubeconfig(options: argparse.Namespace) -> int:
    print(named.look_up(options.name).kubeconfig)
    return 0


def _list(_options: argparse.Namespace) -> int:
    for name in named.all_names():
        print(name)
    return 0


def _run(options: argparse.Namespace) -> int:
    return running.run(options.words, options.name)


def _build(options: argparse.Namespace) -> int:
    others = (ensure_packaging, ensure_monitoring) if options.all else ()
    for ensure in (ensure_binaries, *others):
        print(ensure())
    return 0


def _git(options: argparse.Namespace) -> int:
    from devcluster.git_server import GitServer  # noqa: PLC0415  # needs asyncssh; the other commands do not

    with GitServer(options.folder) as server:
        for name in server.repositories():
            print(f"{server.http_url(name)}\n{server.ssh_url(name)}")
        print(f"the private key for SSH is {server.client_key_file}; Ctrl-C ends", file=sys.stderr)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
    return 0


def _hold(options: argparse.Namespace) -> int:
    named.hold(options.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
