"""The contexts of a kubeconfig, as people name clusters and namespaces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from gitops_operator.cluster.configuration import KubeConfigMerger
from gitops_operator.errors import ClusterError


class Context(NamedTuple):
    """One context; `namespace` is "" where it names none."""

    name: str
    namespace: str


class Contexts(NamedTuple):
    """All contexts of one kubeconfig, or of several that are read as one; `current` is "" where none is."""

    contexts: Mapping[str, Context]
    current: str


def read_contexts(paths: str) -> Contexts:
    """The contexts of a file, or of several, separated as in KUBECONFIG.

    Raises:
        ClusterError: a file cannot be read.
    """
    try:
        merged = KubeConfigMerger(paths).config
        whole = merged.value if merged is not None else {}
        entries = [getattr(entry, "value", entry) for entry in whole.get("contexts") or ()]
        contexts = [_context(entry) for entry in entries]
    except OSError as error:
        raise ClusterError(f"{paths} cannot be read: {error.strerror}") from error
    except Exception as error:  # kubernetes-asyncio raises whatever it stumbles over
        raise ClusterError(f"{paths} is not a valid kubeconfig ({type(error).__name__})") from error
    return Contexts({context.name: context for context in contexts}, str(whole.get("current-context") or ""))


def _context(entry: Mapping[str, Any]) -> Context:
    return Context(str(entry["name"]), str((entry.get("context") or {}).get("namespace") or ""))
