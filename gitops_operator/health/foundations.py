"""What others stand on: namespaces, volumes, custom kinds, aggregated APIs, disruption budgets."""

from __future__ import annotations

from gitops_operator.health.view import View, degraded, explain, healthy, is_true, progressing, unknown
from gitops_operator.model.health import Health

_DELAYED = "Waits for its first consumer"
_SELECTED_NODE = "volume.kubernetes.io/selected-node"
_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"


def namespace(view: View) -> Health:
    """Active, unless it is being taken down."""
    return progressing("Namespace is terminating") if view.text("status.phase") == "Terminating" else healthy()


def persistent_volume_claim(view: View) -> Health:
    """Bound, or with all done that can be done: a claim of a WaitForFirstConsumer class binds when a pod uses it.

    Such a claim in an earlier wave than its pod must not hold the wave (in Argo CD it does, for ever).
    """
    phase = view.text("status.phase")
    if phase == "Bound":
        return healthy()
    if phase == "Lost":
        return degraded(f'The volume "{view.text("spec.volumeName")}" of the claim is lost')
    if phase not in {"", "Pending"}:
        return unknown(f"PersistentVolumeClaim is in phase {phase}")
    return healthy(_DELAYED) if _waits_for_consumer(view) else progressing("Waiting for a volume to be bound")


def _waits_for_consumer(view: View) -> bool:
    """Whether nobody has to act before a pod uses the claim: the scheduler writes the node when one does."""
    if view.text("spec.volumeName") or view.annotation(_SELECTED_NODE):
        return False
    return _storage_class(view) in view.facts.delayed_storage_classes


def _storage_class(view: View) -> str:
    """The class that the claim asks for: absent is the default one, "" is none."""
    asked = view.mapping("spec").get("storageClassName")
    name = view.facts.default_storage_class if asked is None else view.text("spec.storageClassName")
    return view.annotation(_CLASS_ANNOTATION) or name


def custom_resource_definition(view: View) -> Health:
    """Names accepted, then established, then a schema without violations."""
    conditions = view.conditions()
    names = conditions.get("NamesAccepted")
    schema = conditions.get("NonStructuralSchema")
    if is_true(conditions.get("Terminating")):
        return progressing("CustomResourceDefinition is terminating")
    if names is not None and names.status == "False":
        return degraded(f"The names have not been accepted: {explain(names)}")
    if not is_true(conditions.get("Established")):
        return progressing("Waiting for the CustomResourceDefinition to be established")
    if schema is not None and is_true(schema):
        return degraded(f"The schema has violations: {explain(schema)}")
    return healthy()


def api_service(view: View) -> Health:
    """Answers, or says why not yet."""
    available = view.conditions().get("Available")
    if available is None:
        return progressing("Waiting to be processed")
    if is_true(available):
        return healthy()
    return progressing(": ".join(filter(None, (available.reason, available.message))) or "The API is not available")


def pod_disruption_budget(view: View) -> Health:
    """As kstatus reads it: computed for the newest spec. Whether it allows a disruption now is no fault of it."""
    observes = view.mapping("status").get("observedGeneration") is not None
    return (view.behind() if observes else None) or healthy()
