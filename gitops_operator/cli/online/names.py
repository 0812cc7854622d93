"""The names that a shell offers: of Applications, namespaces and contexts."""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import Mapping

from gitops_operator.cli.command import Completes
from gitops_operator.cli.exits import CommandError
from gitops_operator.cli.online.applications import Scope, key_of, list_applications
from gitops_operator.cli.online.reach import Place, contexts_of, place_of
from gitops_operator.cluster.client import Client
from gitops_operator.cluster.objects import identity_of, list_all
from gitops_operator.cluster.session import connect
from gitops_operator.errors import ClusterError
from gitops_operator.model.kind import Kind

_NAMESPACE = Kind("", "v1", "Namespace", "namespaces", namespaced=False)
_PATIENCE = 3.0
_PAGE = 500


def names_of(kind: Completes, given: Mapping[str, str], environ: Mapping[str, str]) -> list[str]:
    """Sorted; none where the cluster cannot be asked in a moment."""
    logging.getLogger().handlers[:] = [logging.NullHandler()]
    everywhere = "--all-namespaces" in given
    flags = ("kubeconfig", "context", "namespace")
    arguments = argparse.Namespace(**{name: given.get(f"--{name}", "") for name in flags})
    try:
        if kind is Completes.CONTEXT:
            return sorted(contexts_of(arguments, environ).contexts)
        place = place_of(arguments, environ)
        return asyncio.run(_names(kind, place, everywhere=everywhere))
    except (CommandError, ClusterError, TimeoutError):
        return []


async def _names(kind: Completes, place: Place, *, everywhere: bool) -> list[str]:
    async with asyncio.timeout(_PATIENCE):
        session = await connect(place.paths or None, place.context or None)
        try:
            client = Client(session, place.context, timeout=_PATIENCE)
            if kind is Completes.NAMESPACE:
                found = await list_all(client, _NAMESPACE, "", limit=_PAGE)
                return sorted(identity_of(raw)[1] for raw in found.objects)
            scope = Scope("" if everywhere else place.namespace)
            keys = [key_of(body) for body in await list_applications(client, scope)]
            return [str(key) if everywhere else key.name for key in keys]
        finally:
            await session.close()
