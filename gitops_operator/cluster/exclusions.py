"""Which kinds are not worth a cache: they change all the time, or hold nothing that is applied."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from gitops_operator.model.resource import GroupKind

DEFAULT_EXCLUSIONS = (
    "Event",
    "events.k8s.io/Event",
    "Endpoints",
    "discovery.k8s.io/EndpointSlice",
    "coordination.k8s.io/Lease*",
    "authentication.k8s.io/*",
    "authorization.k8s.io/*",
    "certificates.k8s.io/CertificateSigningRequest",
    "metrics.k8s.io/*",
    "*.metrics.k8s.io/*",
    "kyverno.io/*Report",
    "kyverno.io/UpdateRequest",
    "reports.kyverno.io/*",
    "wgpolicyk8s.io/*",
    "cilium.io/CiliumIdentity",
    "cilium.io/CiliumEndpoint",
    "cilium.io/CiliumEndpointSlice",
)


def is_excluded(kind: GroupKind, globs: Iterable[str]) -> bool:
    """Whether a glob `group/Kind` matches; without a slash it means the core group, and `*/Kind` any group."""
    name = f"{kind.group}/{kind.kind}"
    return any(fnmatchcase(name, glob if "/" in glob else f"/{glob}") for glob in globs)
