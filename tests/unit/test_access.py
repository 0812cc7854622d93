"""Credentials from Secrets, and trust from ConfigMaps, as the cache holds them."""

import base64
import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from gitops_operator.access import CERTIFICATES, CONFIG_TYPE, KNOWN_HOSTS, SECRET_TYPE, Access
from gitops_operator.errors import SourceError
from gitops_operator.model.application import Application, ApplicationKey
from gitops_operator.model.live import LiveObject
from gitops_operator.model.resource import Body, GroupKind, ResourceKey
from tests.unit.diff.objects import Stored
from tests.unit.plan.situations import application

OPERATOR = "gitops"
URL = "https://git.example.com/web.git"
SECRET_VALUE = "horse-battery"
KEY = base64.b64encode(b"a public key").decode()
PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"


class Cache:
    def __init__(self, *bodies: Body) -> None:
        self.bodies = list(bodies)

    def held(self, group_kind: GroupKind) -> Iterable[LiveObject]:
        for body in self.bodies:
            metadata = body["metadata"]
            its = ResourceKey("", body["kind"], metadata["namespace"], metadata["name"])
            if its.group_kind == group_kind:
                yield LiveObject(its, "v1", "uid", "1", body=Stored(body))


def labelled(kind: str, name: str, label: dict[str, str], namespace: str, data: dict[str, str]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "labels": label}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "data": data}


def secret(name: str = "web", namespace: str = OPERATOR, kind: str = "repository", **data: str) -> dict[str, Any]:
    given = {"url": URL, "username": "bot", "password": SECRET_VALUE, **data}
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in given.items()}
    return labelled("Secret", name, {SECRET_TYPE: kind}, namespace, encoded)


def config(kind: str, namespace: str = OPERATOR, **data: str) -> dict[str, Any]:
    return labelled("ConfigMap", kind, {CONFIG_TYPE: kind}, namespace, data)


def access(*bodies: Body) -> Access:
    made = Access(Cache(*bodies), OPERATOR)
    made.read()
    return made


def app(url: str = URL, namespace: str = "apps") -> Application:
    its = application(key=ApplicationKey(namespace, "web"))
    return replace(its, source=replace(its.source, repo_url=url))


def password(made: Access, its: Application) -> str:
    credential = made.credential_of(its)
    return credential.password if credential is not None else ""


def test_without_secrets_there_is_no_credential() -> None:
    assert access().credential_of(app()) is None


def test_a_secret_of_the_operator_serves_every_application() -> None:
    assert password(access(secret()), app()) == SECRET_VALUE


def test_a_secret_of_another_namespace_serves_only_the_applications_there() -> None:
    made = access(secret(namespace="team-a"))
    assert (password(made, app(namespace="team-a")), password(made, app(namespace="team-b"))) == (SECRET_VALUE, "")


def test_a_secret_without_the_label_is_none_of_ours() -> None:
    body = secret()
    body["metadata"]["labels"] = {}
    assert access(body).credential_of(app()) is None


def test_a_url_that_cannot_be_used_is_an_error_of_the_application() -> None:
    with pytest.raises(SourceError) as raised:
        access().credential_of(app("ftp://git.example.com/web.git"))
    assert raised.value.reason == "UnsupportedURL"


def test_reading_tells_whether_anything_changed() -> None:
    cache = Cache(secret())
    made = Access(cache, OPERATOR)
    assert (made.read(), made.read()) == (True, False)
    cache.bodies = [secret(password="new")]
    assert made.read()
    assert password(made, app()) == "new"


BROKEN = {
    "no base64": {"password": "%%%"},
    "a credential in the URL": {"url": f"https://bot:{SECRET_VALUE}@git.example.com/web.git"},
    "a key without its certificate": {"tlsClientCertKey": f"-----BEGIN {SECRET_VALUE}"},
    "a key that is none": {"sshPrivateKey": SECRET_VALUE},
    "two ways to log in": {"bearerToken": SECRET_VALUE},
    "a wrong switch": {"insecure": SECRET_VALUE},
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_a_broken_secret_is_named_without_its_values_and_spares_the_others(
    data: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    broken = secret("broken", url="https://git.example.com/other.git") | {}
    broken["data"] |= {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    if "password" in data:
        broken["data"]["password"] = data["password"]
    made = access(broken, secret())
    assert password(made, app()) == SECRET_VALUE
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.getMessage().startswith("Secret gitops/broken: ")
    assert SECRET_VALUE not in caplog.text


def test_a_problem_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    made = Access(Cache(secret(insecure="maybe")), OPERATOR)
    made.read()
    made.read()
    assert len(caplog.records) == 1


def test_no_representation_shows_a_secret() -> None:
    made = access(secret(bearerToken="", proxy=f"http://{SECRET_VALUE}@proxy:1"))
    credential = made.credential_of(app())
    assert credential is not None
    assert SECRET_VALUE not in f"{credential!r} {made!r} {made._credentials!r}"


# --- trust ---

SSH = "git@git.example.com:web.git"


def test_known_hosts_of_the_operators_namespace_are_believed() -> None:
    credential = access(config(KNOWN_HOSTS, ssh_known_hosts=f"git.example.com ssh-ed25519 {KEY}")).credential_of(
        app(SSH)
    )
    assert credential is not None
    assert credential.known_hosts == f"git.example.com ssh-ed25519 {KEY}\n"


def test_nobody_else_may_say_whom_to_believe() -> None:
    foreign = config(KNOWN_HOSTS, "team-a", ssh_known_hosts=f"git.example.com ssh-ed25519 {KEY}")
    assert access(foreign).credential_of(app(SSH, "team-a")) is None


def test_certificates_are_believed_for_their_host_only() -> None:
    made = access(config(CERTIFICATES, **{"git.example.com": PEM}))
    credential = made.credential_of(app())
    assert credential is not None
    assert credential.ca == PEM
    assert made.credential_of(app("https://elsewhere.example.com/web.git")) is None


TRUST = {
    "a line that is none": (config(KNOWN_HOSTS, ssh_known_hosts="\n# ok\nnonsense"), "line 3 of ssh_known_hosts"),
    "no lines": (config(KNOWN_HOSTS, other="x"), "key ssh_known_hosts is missing or empty"),
    "no certificate": (config(CERTIFICATES, **{"git.example.com": "x"}), "git.example.com is no certificate"),
    "another word": (config("trust"), f"label {CONFIG_TYPE} is neither {KNOWN_HOSTS} nor {CERTIFICATES}"),
}


@pytest.mark.parametrize("body, words", TRUST.values(), ids=TRUST)
def test_trust_that_cannot_be_used_is_named(body: Body, words: str, caplog: pytest.LogCaptureFixture) -> None:
    made = access(body)
    assert next(record.getMessage() for record in caplog.records).startswith(
        f"ConfigMap gitops/{body['metadata']['name']}: {words}"
    )
    assert made.credential_of(app()) is None
