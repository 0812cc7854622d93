"""Who else claims an object: another installation of ours, Argo CD or Flux."""

from __future__ import annotations

from gitops_operator.live.sighting import Sighting
from gitops_operator.model.live import ForeignOwner
from gitops_operator.model.resource import ARGO_PREFIX, ResourceKey
from gitops_operator.model.tracking import Tracker

_ARGO_ID = ARGO_PREFIX + "tracking-id"
_FLUX = tuple(
    (f"{prefix}/name", f"{prefix}/namespace") for prefix in ("kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io")
)


def foreign_owner(sighting: Sighting, tracking: Tracker | None, installation: str) -> ForeignOwner | None:
    """The first tool, if any, that says the object is its own; `tracking` is what our id on it says, if it counts."""
    if tracking is not None and tracking.installation != installation:
        return ForeignOwner(f"GitOps operator {tracking.installation}".rstrip(), str(tracking.application))
    if not sighting.metadata.labels and not sighting.metadata.annotations:
        return None
    argo = sighting.annotations.get(_ARGO_ID)
    if argo is not None and _names(argo, sighting.key):
        return ForeignOwner("Argo CD", argo.partition(":")[0])
    for of_name, of_namespace in _FLUX:
        if name := sighting.labels.get(of_name):
            namespace = sighting.labels.get(of_namespace, "")
            return ForeignOwner("Flux", f"{namespace}/{name}")
    return None


def _names(argo_id: str, key: ResourceKey) -> bool:
    """Whether `<application>:<group>/<kind>:<namespace>/<name>` is of this object.

    Of a cluster-scoped object Argo CD writes its application's destination as the namespace.
    """
    _, _, rest = argo_id.partition(":")
    kind, _, place = rest.partition(":")
    namespace, _, name = place.partition("/")
    if key.namespace and namespace != key.namespace:
        return False
    return kind == f"{key.group}/{key.kind}" and name == key.name
