from __future__ import annotations

import pytest

from gitops_operator.health import NO_FACTS, Facts, assess, facts_of
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.resource import Body
from tests.unit.health.cases import FACTS, body_of


def test_a_resumed_job_still_runs() -> None:
    assert status_of("Job/progressing-resumed") is HealthStatus.PROGRESSING


def test_an_init_container_crash_loop_is_degraded() -> None:
    health = assess(body_of("Pod/degraded-init-container-crash-loop"))
    assert health == Health(HealthStatus.DEGRADED, 'Container "migrate" restarts because it ended with exit code 2')


def test_a_wait_for_first_consumer_claim_does_not_hold_a_wave() -> None:
    claim = body_of("PersistentVolumeClaim/healthy-waits-for-its-first-consumer")
    assert assess(claim, FACTS) == Health(HealthStatus.HEALTHY, "Waits for its first consumer")


def test_a_pending_claim_holds_a_wave_where_its_class_binds_at_once() -> None:
    claim = body_of("PersistentVolumeClaim/healthy-waits-for-its-first-consumer")
    assert assess(claim, NO_FACTS) == Health(HealthStatus.PROGRESSING, "Waiting for a volume to be bound")


@pytest.mark.parametrize(
    "name, api_version",
    [
        ("Deployment/degraded-progress-deadline-exceeded", "apps/v1beta2"),
        ("Deployment/degraded-progress-deadline-exceeded", "extensions/v1beta1"),
        ("HorizontalPodAutoscaler/degraded-no-resource-metrics", "autoscaling/v2beta2"),
        ("HorizontalPodAutoscaler/healthy-v1-by-annotation", "autoscaling/v3"),
        ("CronJob/suspended", "batch/v1beta1"),
        ("CustomResourceDefinition/degraded-names-not-accepted", "apiextensions.k8s.io/v1beta1"),
        ("Application/healthy-ready", "gitops-operator.io/v1"),
    ],
)
def test_another_api_version_of_a_known_kind_uses_the_same_rule(name: str, api_version: str) -> None:
    body = body_of(name)
    assert assess(body | {"apiVersion": api_version}) == assess(body)
    assert assess(body) is not None


def test_a_kind_of_the_same_name_in_another_group_has_no_rule() -> None:
    assert assess(body_of("Deployment/degraded-never-became-available") | {"apiVersion": "example.com/v1"}) == Health(
        HealthStatus.PROGRESSING, "Deployment does not have minimum availability."
    )


def test_a_rule_that_fails_says_unknown_with_its_error() -> None:
    assert assess(body_of("Deployment/unknown-replicas-are-text")) == Health(
        HealthStatus.UNKNOWN, "The health cannot be told: spec.replicas should be a whole number and is 'three'"
    )


def test_an_autoscalers_own_conditions_outweigh_those_of_an_old_annotation() -> None:
    body = body_of("HorizontalPodAutoscaler/healthy-able-to-scale")
    old = body_of("HorizontalPodAutoscaler/degraded-v1-by-annotation")["metadata"]["annotations"]
    assert assess(body | {"metadata": body["metadata"] | {"annotations": old}}) == Health(HealthStatus.HEALTHY)


def test_a_deployment_names_the_numbers_it_waits_for() -> None:
    health = assess(body_of("Deployment/progressing-one-of-three-updated"))
    assert health is not None
    assert health.message == "Waiting for rollout to finish: 1 out of 3 new replicas have been updated..."


def test_a_deployment_says_why_its_pods_are_refused() -> None:
    assert "exceeded quota" in message_of("Deployment/progressing-pods-refused-by-a-quota")
    assert "exceeded quota" in message_of("Deployment/degraded-deadline-passed-because-of-a-quota")


def test_a_pending_deletion_names_its_finalizers() -> None:
    message = message_of("ConfigMap/progressing-held-by-a-finalizer")
    assert message == "Pending deletion, waiting for finalizers example.com/keep, example.com/audit"


def test_a_namespace_pending_deletion_names_what_is_left() -> None:
    assert "queues.example.com/cleanup" in message_of("Namespace/progressing-deleted-with-finalizers-remaining")


def test_the_message_of_a_crash_loop_does_not_move() -> None:
    crashes = ["crash-loop", "crash-loop-between-two-crashes", "crash-loop-just-crashed-again"]
    assert len({message_of(f"Pod/degraded-{state}") for state in crashes}) == 1
    crashes = ["crash-loop-of-clean-ends", "restarted-after-a-clean-end-and-not-ready"]
    assert len({message_of(f"Pod/degraded-{state}") for state in crashes}) == 1
    crashes = ["init-container-crash-loop", "init-container-between-two-crashes"]
    assert len({message_of(f"Pod/degraded-{state}") for state in crashes}) == 1


def test_of_the_restarted_containers_the_one_that_is_not_ready_is_named() -> None:
    message = message_of("Pod/degraded-one-restarted-long-ago-and-another-crashes")
    assert message == 'Container "main" restarts because it ended with exit code 1'


def test_the_message_of_a_missing_image_does_not_move() -> None:
    message = 'Container "main" cannot pull its image "registry.example.com/web/frontend:nope"'
    assert message_of("Pod/degraded-err-image-pull") == message
    assert message_of("Pod/degraded-image-pull-back-off") == message


def test_every_container_in_trouble_is_named_once() -> None:
    body = body_of("Pod/degraded-init-container-cannot-pull")
    body["status"]["containerStatuses"] = body_of("Pod/degraded-config-error")["status"]["containerStatuses"]
    health = assess(body)
    assert health is not None
    assert health.message == (
        'Container "migrate" cannot pull its image "registry.example.com/web/migrate:1.4.2"; '
        'Container "main" cannot start: secret "frontend-tls" not found'
    )


def test_a_long_message_of_several_lines_becomes_one_short_line() -> None:
    body = body_of("Certificate/progressing-issuing")
    body["status"]["conditions"][0]["message"] = "first line\n" + "word " * 500
    health = assess(body)
    assert health is not None
    assert len(health.message) == 300
    assert health.message.startswith("first line word word")
    assert health.message.endswith("…")


def test_an_application_in_an_application_waits_until_it_is_observed() -> None:
    body = body_of("Application/healthy-ready")
    del body["status"]["observedGeneration"]
    assert assess(body) == Health(HealthStatus.PROGRESSING, "Waiting for the Application to be observed")


def test_a_suspended_application_says_what_its_author_wrote() -> None:
    assert message_of("Application/suspended-by-condition") == "freeze for the audit"


def test_the_facts_are_those_of_the_storage_classes() -> None:
    classes = [
        storage_class("gp3", binding="WaitForFirstConsumer"),
        storage_class("local-path", binding="WaitForFirstConsumer", default=True),
        storage_class("nfs", binding="Immediate"),
        {"metadata": {"name": "old"}},
    ]
    assert facts_of(classes) == Facts(frozenset({"gp3", "local-path"}), "local-path")


def test_of_several_default_classes_the_newest_counts_and_of_equals_the_first_by_name() -> None:
    old = storage_class("old", default=True, created="2025-01-01T00:00:00Z")
    new = [storage_class(name, default=True, created="2026-01-01T00:00:00Z") for name in ("b", "ab", "a")]
    assert facts_of([old, *new]).default_storage_class == "a"
    assert facts_of([]) == NO_FACTS


def storage_class(name: str, *, binding: str = "Immediate", default: bool = False, created: str = "") -> Body:
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"} if default else None
    metadata = {"name": name, "annotations": annotations, "creationTimestamp": created or "2026-01-01T00:00:00Z"}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": metadata,
        "volumeBindingMode": binding,
    }


def message_of(name: str) -> str:
    health = assess(body_of(name), FACTS)
    assert health is not None
    return health.message


def status_of(name: str) -> HealthStatus:
    health = assess(body_of(name), FACTS)
    assert health is not None
    return health.status
