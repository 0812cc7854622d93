"""What each refusal of the API server is; messages as the server of 1.37 writes them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from gitops_operator.apply.errors import classify
from gitops_operator.errors import ClusterError
from gitops_operator.model.step import Task, TaskKind
from tests.unit.apply.writers import refused, task
from tests.unit.diff.objects import deployment, resource

MAP = resource(data={"color": "red"})
TYPED = "failed to create typed patch object (web/front; apps/v1, Kind=Deployment): "
POLICY = "deployments.apps \"front\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no"


def untyped(message: str) -> ClusterError:
    """A 500 without a reason word."""
    return refused(500, message, "")


def forbidden(message: str, *causes: tuple[str, str, str]) -> ClusterError:
    return refused(403, f'configmaps "front" is forbidden: {message}', "Forbidden", *causes)


def invalid(message: str, *causes: tuple[str, str, str]) -> ClusterError:
    return refused(422, message, "Invalid", *causes)


IMMUTABLE = ("FieldValueInvalid", "field is immutable", "spec.selector")
CONFLICT = ("FieldManagerConflict", 'conflict with "tuner" using v1', ".data.color")
GOING = ("NamespaceTerminating", "namespace web is being terminated", "metadata.namespace")

TERMINAL = {
    "UnknownField": [
        untyped(TYPED + ".spec.replics: field not declared in schema"),
        refused(400, 'error strict decoding patch: unknown field "spec.replics"', "BadRequest"),
    ],
    "WrongType": [
        untyped(TYPED + ".spec.replicas: expected numeric (int or float), got string"),
        untyped("failed to convert new object (web/front; v1, Kind=Service) to proper version"),
    ],
    "DuplicateItems": [untyped(TYPED + ".spec.ports: duplicate entries for key [port=80]")],
    "MissingKey": [untyped(TYPED + ".spec.containers: element 0: associative list with keys omits all key fields")],
    "TooLarge": [
        untyped("etcdserver: request is too large"),
        untyped("rpc error: code = ResourceExhausted desc = trying to send message larger than max"),
        refused(413, "limit is 3145728", "RequestEntityTooLarge"),
    ],
    "BadRequest": [refused(400, "the object provided is unrecognized", "BadRequest")],
    "Invalid": [invalid("is invalid", ("FieldValueRequired", "Required value", "spec.selector"))],
    "Immutable": [invalid("is invalid", IMMUTABLE)],
    "FieldConflict": [refused(409, "Apply failed with 1 conflict", "Conflict", CONFLICT)],
    "Forbidden": [
        forbidden('violates PodSecurity "restricted:latest"'),
        forbidden('User "x" cannot patch resource "configmaps"'),
        forbidden('user "x" is attempting to grant RBAC permissions not currently held'),
    ],
    "Refused": [refused(418, "I am a teapot", "")],
}
PASSING = {
    "WebhookFailed": [refused(500, 'failed calling webhook "w.example.com": refused', "InternalError")],
    "ServerError": [
        refused(500, "etcdserver: leader changed", "InternalError"),
        refused(503, "service unavailable", ""),
    ],
    "DeniedByPolicy": [
        invalid(POLICY, ("", POLICY, "")),
        refused(403, POLICY, "Forbidden"),
        refused(400, 'admission webhook "w.example.com" denied the request: no', "BadRequest"),
    ],
    "Conflict": [refused(409, "the object has been modified", "Conflict")],
    "NamespaceTerminating": [forbidden("unable to create new content", GOING)],
    "QuotaExceeded": [forbidden("exceeded quota: q")],
    "NamespaceMissing": [refused(404, 'namespaces "web" not found', "NotFound")],
    "KindMissing": [refused(404, "404 page not found", "")],
    "NotFound": [refused(404, 'configmaps "front" not found', "NotFound")],
    "TooManyRequests": [refused(429, "slow down", "TooManyRequests")],
    "Unauthorized": [refused(401, "Unauthorized", "Unauthorized")],
    "Unavailable": [refused(0, "No answer from 10.0.0.1", "")],
}


def rows(table: Mapping[str, Sequence[ClusterError]]) -> list[Any]:
    return [
        pytest.param(error, reason, id=f"{error.status}-{reason}-{error.message[-20:]}")
        for reason, errors in table.items()
        for error in errors
    ]


@pytest.mark.parametrize("error, reason", rows(TERMINAL))
def test_a_refusal_that_stays_is_named(error: ClusterError, reason: str) -> None:
    found = classify(error, task(MAP))
    assert (found.reason, found.transient) == (reason, False)


@pytest.mark.parametrize("error, reason", rows(PASSING))
def test_a_refusal_that_may_pass_is_named(error: ClusterError, reason: str) -> None:
    found = classify(error, task(MAP))
    assert (found.reason, found.transient) == (reason, True)


def said(error: ClusterError, some: Task | None = None) -> str:
    return classify(error, some or task(MAP)).message


def test_the_sentence_names_the_object_and_its_line_in_git() -> None:
    assert said(refused(400, "bad")) == "ConfigMap web/front (shop.yaml:3): bad."


def test_the_sentence_of_a_prune_names_the_object() -> None:
    assert said(refused(400, "bad"), Task(TaskKind.PRUNE, MAP.key, "v1")) == "ConfigMap web/front: bad."


def test_the_servers_preamble_is_left_out() -> None:
    message = said(refused(500, TYPED + ".spec.replics: field not declared in schema", ""))
    assert message.startswith("ConfigMap web/front (shop.yaml:3): .spec.replics: field not declared in schema.")


def test_duplicate_items_name_the_way_out() -> None:
    assert "Replace=true" in said(refused(500, TYPED + "duplicate entries for key [port=80]", ""))


def test_an_immutable_field_is_named_with_what_recreation_would_do() -> None:
    message = said(invalid("no", IMMUTABLE), task(deployment()))
    assert "spec.selector cannot be changed in place" in message
    assert "Force=true" in message
    assert "Pods" in message


@pytest.mark.parametrize("kind, lost", [("PersistentVolumeClaim", "data of its volume"), ("Job", "it runs again")])
def test_what_a_recreation_loses_is_said(kind: str, lost: str) -> None:
    assert lost in said(invalid("no", IMMUTABLE), task(resource(kind)))


def test_a_conflict_names_manager_and_field() -> None:
    assert ".data.color (of tuner)" in said(refused(409, "Apply failed", "Conflict", CONFLICT))


@pytest.mark.parametrize(
    "message, advice",
    [
        ('User "x" cannot patch resource "configmaps"', "patch and create"),
        ('User "x" cannot impersonate-on:serviceaccount:patch resource "configmaps"', "impersonation.serviceAccounts"),
        ("is attempting to grant RBAC permissions", "rights"),
    ],
)
def test_a_refused_permission_says_what_is_needed(message: str, advice: str) -> None:
    assert advice in said(refused(403, message, "Forbidden"))


def test_a_pod_that_breaks_a_security_rule_is_not_told_about_verbs() -> None:
    assert "verbs" not in said(refused(403, 'violates PodSecurity "restricted:latest"', "Forbidden"))


def test_a_value_that_the_server_writes_out_whole_is_left_out() -> None:
    dump = 'Invalid value: {"labels":{"a":"b"},"Spec":{"Containers":[{"Name":"a","Image":"b","Command":null}]}}: '
    said = 'Job.batch "bad" is invalid: spec.template: ' + dump + "field is immutable"
    error = invalid(said, ("FieldValueInvalid", dump + "field is immutable", "spec.template"))
    message = classify(error, task(MAP)).message
    assert 'Job.batch "bad" is invalid: spec.template: Invalid value: field is immutable.' in message
    assert "Containers" not in message
