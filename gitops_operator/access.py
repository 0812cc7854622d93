"""What opens repositories: the credentials in labelled Secrets of the cluster, and the hosts that ConfigMaps trust."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from gitops_operator.errors import SourceError
from gitops_operator.model.application import Application
from gitops_operator.model.live import LiveObject
from gitops_operator.model.resource import PREFIX, Body, GroupKind
from gitops_operator.source.credentials import Credential, Credentials, Trust
from gitops_operator.source.known_hosts import malformed_lines
from gitops_operator.source.secret import parse_secret

SECRET_TYPE = PREFIX + "secret-type"
CONFIG_TYPE = PREFIX + "config-type"
WEBHOOK = "webhook"
"""The type of Secrets that open nothing, but are what webhooks prove to know."""
KNOWN_HOSTS, CERTIFICATES = "ssh-known-hosts", "tls-certs"
_KNOWN_HOSTS_KEY = "ssh_known_hosts"
_CERTIFICATE = "-----BEGIN CERTIFICATE-----"

_log = logging.getLogger(__name__)


class Store(Protocol):
    """The cache, as far as it is read here."""

    def held(self, group_kind: GroupKind) -> Iterable[LiveObject]: ...


class Access:
    """The newest set of credentials; read anew only when something with a label of ours moved."""

    def __init__(self, store: Store, namespace: str) -> None:
        self._store, self._namespace = store, namespace
        self._credentials = Credentials()
        self._read: tuple[object, ...] = ()

    def credential_of(self, application: Application) -> Credential | None:
        """What opens the Application's repository.

        Raises:
            SourceError: the URL cannot be used.
        """
        return self._credentials.choose(application.source.repo_url, application.key.namespace, self._namespace)

    def read(self) -> bool:
        """Read them again; whether anything changed. What cannot be used is named in the log, and left out."""
        problems: list[str] = []
        credentials = tuple(self._readable(problems.append))
        trust = self._trust(problems.append)
        if (credentials, trust, problems) == self._read:
            return False
        self._read = (credentials, trust, problems)
        self._credentials = Credentials(credentials, trust)
        for problem in problems:
            _log.error("%s", problem)
        return True

    def _readable(self, tell: Callable[[str], None]) -> Iterator[Credential]:
        for body in labelled(self._store, GroupKind("", "Secret"), SECRET_TYPE):
            if body["metadata"]["labels"][SECRET_TYPE] == WEBHOOK:
                continue
            try:
                yield parse_secret(body)
            except SourceError as error:
                tell(error.message)

    def _trust(self, tell: Callable[[str], None]) -> Trust:
        known_hosts: list[str] = []
        certificates: dict[str, str] = {}
        for body in labelled(self._store, GroupKind("", "ConfigMap"), CONFIG_TYPE):
            metadata, data = body["metadata"], body.get("data") or {}
            if metadata.get("namespace") != self._namespace:
                continue
            place, kind = f"ConfigMap {self._namespace}/{metadata['name']}", metadata["labels"][CONFIG_TYPE]
            if kind == KNOWN_HOSTS:
                known_hosts.append(_known_hosts(data, place, tell))
            elif kind == CERTIFICATES:
                certificates |= _certificates(data, place, tell)
            else:
                tell(f"{place}: label {CONFIG_TYPE} is neither {KNOWN_HOSTS} nor {CERTIFICATES}")
        return Trust("\n".join(known_hosts), certificates)


def labelled(store: Store, kind: GroupKind, label: str) -> Iterator[Body]:
    """The objects of a kind that have a label of ours, in a fixed order."""
    for live in sorted(store.held(kind), key=lambda live: live.key):
        body = live.body.load() if live.body is not None else {}
        if label in (body.get("metadata", {}).get("labels") or {}):
            yield body


def _known_hosts(data: Mapping[str, str], place: str, tell: Callable[[str], None]) -> str:
    text = data.get(_KNOWN_HOSTS_KEY, "")
    if not text.strip():
        tell(f"{place}: key {_KNOWN_HOSTS_KEY} is missing or empty")
    for line in malformed_lines(text):
        tell(f"{place}: line {line} of {_KNOWN_HOSTS_KEY} is not in known_hosts format")
    return text


def _certificates(data: Mapping[str, str], place: str, tell: Callable[[str], None]) -> Mapping[str, str]:
    """By host name; what is no certificate would break the trust in that host's others, too."""
    for host in sorted(host for host, pem in data.items() if _CERTIFICATE not in pem):
        tell(f"{place}: {host} is no certificate in PEM format ({_CERTIFICATE} …)")
    return {host: pem for host, pem in data.items() if _CERTIFICATE in pem}
