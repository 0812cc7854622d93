"""Reads a Secret of a repository: the keys of Argo CD, and `knownHosts` and `ca`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from gitops_operator.errors import SourceError
from gitops_operator.source.credentials import Credential, Kind
from gitops_operator.source.failures import Reason, failure
from gitops_operator.source.known_hosts import malformed_lines

LABELS = ("gitops-operator.io/secret-type", "argocd.argoproj.io/secret-type")
_KINDS: dict[str, Kind] = {"repository": "repository", "repo-creds": "repo-creds"}
_BOOLEANS = {"": False, "false": False, "true": True}
_GITHUB_APP = ("githubAppID", "githubAppInstallationID", "githubAppPrivateKey")


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
    for key in _GITHUB_APP:
        if reader.text(key):
            raise reader.problem(key, "is not supported: GitHub Apps cannot be used yet")
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
    if url.password or (url.user and url.scheme != "ssh"):
        raise reader.problem("url", "holds a credential; it belongs into username and password")
    if bool(credential.tls_client_cert) != bool(credential.tls_client_key):
        missing = "tlsClientCertKey" if credential.tls_client_cert else "tlsClientCertData"
        raise reader.problem(missing, "is missing: a client certificate and its key come together")
    if credential.password and credential.bearer_token:
        raise reader.problem("bearerToken", "and password exclude each other")


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
