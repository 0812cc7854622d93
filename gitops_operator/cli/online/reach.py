"""The cluster that a command line means: kubectl's flags, KUBECONFIG, the current context and its namespace."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import CommandError, Exit
from gitops_operator.cluster.client import Client
from gitops_operator.cluster.kubeconfig import Contexts, read_contexts
from gitops_operator.cluster.session import connect
from gitops_operator.errors import ClusterError

_CONNECTIONS = 32
_HOME = "~/.kube/config"
_POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_DEFAULT_NAMESPACE = "default"


@dataclass(frozen=True, slots=True)
class Place:
    """What a command line means: `paths` are the kubeconfigs ("" is the pod that we run in), `said` names it."""

    paths: str
    context: str
    namespace: str
    said: str


@dataclass(frozen=True, slots=True)
class Reach:
    """An open connection, and what it was made from."""

    client: Client
    place: Place

    @property
    def namespace(self) -> str:
        """The namespace of what names none."""
        return self.place.namespace


Work = Callable[[Reach], Awaitable[Exit]]


def online(work: Work, arguments: argparse.Namespace, console: Console) -> Exit:
    """Do something with the cluster that the arguments mean."""
    _listen(console)
    place = place_of(arguments, console.environ)
    return asyncio.run(_connected(work, place))


async def _connected(work: Work, place: Place) -> Exit:
    session = await connect(place.paths or None, place.context or None, connections=_CONNECTIONS)
    try:
        return await work(Reach(Client(session, place.context or "in-cluster"), place))
    except ClusterError as error:
        raise CommandError(in_words(error, place)) from error
    finally:
        await session.close()


def place_of(arguments: argparse.Namespace, environ: Mapping[str, str]) -> Place:
    """The cluster and namespace that flags, environment and kubeconfig mean."""
    paths = _paths(arguments.kubeconfig, environ)
    if not paths:
        return _pod(arguments, environ)
    known = _read(paths)
    name = arguments.context or known.current
    if name not in known.contexts:
        raise CommandError(_no_context(name, paths, known))
    namespace = arguments.namespace or known.contexts[name].namespace or _DEFAULT_NAMESPACE
    return Place(paths, name, namespace, f"context {name} of {_short(paths)}")


def contexts_of(arguments: argparse.Namespace, environ: Mapping[str, str]) -> Contexts:
    """The contexts to choose from."""
    return _read(_paths(arguments.kubeconfig, environ))


def _read(paths: str) -> Contexts:
    try:
        return read_contexts(paths)
    except ClusterError as error:
        raise CommandError(error.message) from error


def _paths(given: str, environ: Mapping[str, str]) -> str:
    """The kubeconfigs to read, as KUBECONFIG writes them; "" where there are none."""
    if given:
        if not Path(given).exists():
            raise CommandError(f"{given} cannot be read: there is no such file")
        return given
    several = environ.get("KUBECONFIG", "")
    if several:
        existing = [path for path in several.split(os.pathsep) if path and Path(path).expanduser().exists()]
        if not existing:
            raise CommandError(f"no kubeconfig: KUBECONFIG names {several}, and there is no such file")
        return os.pathsep.join(existing)
    home = Path(_HOME).expanduser()
    return str(home) if home.exists() else ""


def _pod(arguments: argparse.Namespace, environ: Mapping[str, str]) -> Place:
    if not environ.get("KUBERNETES_SERVICE_HOST"):
        message = f"no kubeconfig: give one with --kubeconfig or KUBECONFIG; there is none at {_HOME} either"
        raise CommandError(message)
    if arguments.context:
        raise CommandError(f"there is no kubeconfig, so no context {arguments.context}: this is a pod of the cluster")
    own = _POD_NAMESPACE.read_text().strip() if _POD_NAMESPACE.exists() else _DEFAULT_NAMESPACE
    return Place("", "", arguments.namespace or own, "the cluster that this pod runs in")


def _no_context(name: str, paths: str, known: Contexts) -> str:
    has = f"it has {', '.join(sorted(known.contexts))}" if known.contexts else "it has none"
    if name:
        return f"{_short(paths)} has no context {name}; {has}"
    return f"{_short(paths)} has no current context; {has}: choose one with --context or kubectl config use-context"


def _short(paths: str) -> str:
    home = str(Path.home())
    return os.pathsep.join(
        "~" + path[len(home) :] if path.startswith(home + "/") else path for path in paths.split(":")
    )


def in_words(error: ClusterError, place: Place) -> str:
    """Why the cluster gave no answer, for whoever asked, and which cluster that was."""
    if error.status == 0:
        return f"{error.message.rstrip('.')} ({place.said})"
    if error.status == 401:
        return f"the cluster does not accept your credentials; log in anew ({place.said})"
    if error.status == 404 and not error.api_reason:
        return (
            "the cluster does not know Applications: the CRD applications.gitops-operator.io is not installed; install "
            f"the operator, or choose another cluster ({place.said})"
        )
    return f"{error.message} ({place.said})"


class _Told(logging.Handler):
    """Says on the terminal what the stages log about Secrets and repositories."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.ERROR)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        self._console.note(f"warning: {record.getMessage()}")


def _listen(console: Console) -> None:
    """What libraries log is not for the terminal."""
    logging.getLogger().handlers[:] = [logging.NullHandler()]
    logging.getLogger("gitops_operator.access").handlers[:] = [_Told(console)]
