"""Reads a Secret of a repository: the keys of Argo CD, and `knownHosts` and `ca`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from gitops_operator.errors import SourceError
from gitops_operator.source.credentials import Credential, Kind
from gitops_operator.source.failures import Reason, failure
from gitops_operator.source.known_hosts import malformed_lines
from gitops_operator.source.urls import RepositoryURL

LABELS = ("gitops-operator.io/secret-type", "argocd.argoproj.io/secret-type")
_KINDS: dict[str, Kind] = {"repository": "repository", "repo-creds": "repo-creds"}
_BOOLEANS = {"": False, "false": False, "true": True}
_FOREIGN = ("gcpServiceAccountKey", "useAzureWorkloadIdentity")  # Argo CD's, for logins of clouds
_BELONGS = "it belongs into username and password"


def parse_secret(body: Mapping[str, Any]) -> Credential:
    """The credential in a Secret.

    Raises:
        SourceError: it cannot be used; the message names Secret and key, never a value.
    """
    metadata = body.get("metadata") or {}
    reader = _Reader(metadata.get("namespace", ""), metadata.get("name", ""), body.get("data") or {})
    kind = reader.kind(metadata.get("labels") or {})
    if reader.text("type") not in {"", "git"}:
        raise reader.problem("type", "is not git; only Git repositories are supported")
    for key in _FOREIGN:
        if reader.text(key) not in {"", "false"}:
            raise reader.problem(key, "is not supported: give a token or a key instead")
    credential = Credential(
        url=reader.text("url"),
        kind=kind,
        username=reader.text("username"),
        password=reader.text("password"),
        bearer_token=reader.text("bearerToken"),
        ssh_private_key=reader.pem("sshPrivateKey"),
        known_hosts=reader.known_hosts(),
        ca=reader.pem("ca"),
        tls_client_cert=reader.pem("tlsClientCertData"),
        tls_client_key=reader.pem("tlsClientCertKey"),
        insecure=reader.boolean("insecure") or reader.boolean("insecureIgnoreHostKey"),
        proxy=reader.text("proxy"),
        no_proxy=reader.text("noProxy"),
        github_app_id=reader.text("githubAppID"),
        github_app_installation_id=reader.text("githubAppInstallationID"),
        github_app_private_key=reader.pem("githubAppPrivateKey"),
        github_app_base_url=reader.text("githubAppEnterpriseBaseUrl"),
        namespace=reader.namespace,
        name=reader.name,
    )
    _check(reader, credential)
    return credential


def _check(reader: _Reader, credential: Credential) -> None:
    try:
        url = credential.place
    except SourceError as error:
        raise reader.problem("url", f"cannot be used: {error.message}") from None
    for is_wrong, key, words in (*_of_all(credential, url), *_of_github_app(credential, url)):
        if is_wrong:
            raise reader.problem(key, words)


def _of_all(one: Credential, url: RepositoryURL) -> Iterator[tuple[bool, str, str]]:
    yield bool(url.password or (url.user and url.scheme != "ssh")), "url", f"holds a credential; {_BELONGS}"
    pair = "is missing: a client certificate and its key come together"
    yield bool(one.tls_client_cert and not one.tls_client_key), "tlsClientCertKey", pair
    yield bool(one.tls_client_key and not one.tls_client_cert), "tlsClientCertData", pair
    is_http = one.proxy.lower().startswith(("http://", "https://"))
    yield bool(one.proxy and not is_http), "proxy", "is no http:// or https:// URL"
    yield bool(one.password and one.bearer_token), "bearerToken", "and password exclude each other"


def _of_github_app(one: Credential, url: RepositoryURL) -> Iterator[tuple[bool, str, str]]:
    app, key, url_of_api = one.github_app_id, one.github_app_private_key, one.github_app_base_url
    rest = one.github_app_installation_id or key or url_of_api
    yield bool(app and not key), "githubAppPrivateKey", "is missing: a GitHub App has an id and a private key"
    yield bool(rest and not app), "githubAppID", "is missing: other keys of a GitHub App are there"
    yield not (app or "1").isalnum(), "githubAppID", "is no id"
    yield not (one.github_app_installation_id or "1").isdigit(), "githubAppInstallationID", "is no number"
    yield (
        bool(app and (one.password or one.bearer_token)),
        "githubAppID",
        "and other logins exclude each other",
    )
    is_http = url.scheme in {"https", "http"}
    yield bool(app and not is_http), "githubAppID", "needs an https:// url: its token opens nothing over SSH"
    is_safe = not url_of_api or url_of_api.startswith("https://")
    yield not is_safe, "githubAppEnterpriseBaseUrl", "is no https:// URL, as https://github.example.com/api/v3"


class _Reader:
    def __init__(self, namespace: str, name: str, data: Mapping[str, Any]) -> None:
        self.namespace = namespace
        self.name = name
        self._data = data

    def problem(self, key: str, message: str) -> SourceError:
        return failure(Reason.INVALID_CREDENTIAL, f"Secret {self.namespace}/{self.name}: {key} {message}")

    def kind(self, labels: Mapping[str, str]) -> Kind:
        label = next((label for label in LABELS if label in labels), LABELS[0])
        kind = _KINDS.get(labels.get(label, ""))
        if kind is None:
            raise self.problem(f"label {label}", "is neither repository nor repo-creds")
        return kind

    def text(self, key: str) -> str:
        value = self._data.get(key) or ""
        try:
            return base64.b64decode(value, validate=True).decode().strip()
        except (binascii.Error, ValueError, TypeError):  # UnicodeDecodeError is a ValueError
            raise self.problem(key, "is not text in base64") from None

    def pem(self, key: str) -> str:
        value = self.text(key)
        if value and not value.startswith("-----BEGIN ") and "\n-----BEGIN " not in value:
            raise self.problem(key, "is not in PEM format (-----BEGIN …)")
        return f"{value}\n" if value else ""

    def boolean(self, key: str) -> bool:
        value = self.text(key).lower()
        if value not in _BOOLEANS:
            raise self.problem(key, "is neither true nor false")
        return _BOOLEANS[value]

    def known_hosts(self) -> str:
        value = self.text("knownHosts")
        bad = malformed_lines(value)
        if bad:
            raise self.problem("knownHosts", f"is not in known_hosts format in line {bad[0]}")
        return f"{value}\n" if value else ""
