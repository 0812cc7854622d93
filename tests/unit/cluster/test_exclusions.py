import pytest

from gitops_operator.cluster.exclusions import DEFAULT_EXCLUSIONS, is_excluded
from gitops_operator.model.resource import GroupKind


@pytest.mark.parametrize(
    "group, kind",
    [
        ("", "Event"),
        ("events.k8s.io", "Event"),
        ("", "Endpoints"),
        ("discovery.k8s.io", "EndpointSlice"),
        ("coordination.k8s.io", "Lease"),
        ("authorization.k8s.io", "SubjectAccessReview"),
        ("metrics.k8s.io", "PodMetrics"),
        ("custom.metrics.k8s.io", "MetricValueList"),
        ("certificates.k8s.io", "CertificateSigningRequest"),
        ("kyverno.io", "AdmissionReport"),
        ("cilium.io", "CiliumIdentity"),
    ],
)
def test_what_only_makes_noise_is_left_out(group: str, kind: str) -> None:
    assert is_excluded(GroupKind(group, kind), DEFAULT_EXCLUSIONS)


@pytest.mark.parametrize(
    "group, kind",
    [("", "Pod"), ("", "Secret"), ("apps", "Deployment"), ("kyverno.io", "ClusterPolicy"), ("argoproj.io", "Event")],
)
def test_the_rest_is_watched(group: str, kind: str) -> None:
    assert not is_excluded(GroupKind(group, kind), DEFAULT_EXCLUSIONS)


def test_a_glob_without_a_slash_means_the_core_group_and_a_star_any() -> None:
    assert not is_excluded(GroupKind("apps", "Pod"), ["Pod"])
    assert is_excluded(GroupKind("apps", "Pod"), ["*/Pod"])
    assert is_excluded(GroupKind("", "Pod"), ["*/Pod"])
