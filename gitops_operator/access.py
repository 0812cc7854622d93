"""What opens repositories: the credentials in labelled Secrets of the cluster, and the hosts that ConfigMaps trust."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping

from gitops_operator.errors import SourceError
from gitops_operator.live import Store
from gitops_operator.model.application import Application
from gitops_operator.model.resource import PREFIX, Body, GroupKind
from gitops_operator.source.credentials import Credential, Credentials, Trust
from gitops_operator.source.secret import parse_secret

SECRET_TYPE = PREFIX + "secret-type"
CONFIG_TYPE = PREFIX + "config-type"
KNOWN_HOSTS, CERTIFICATES = "ssh-known-hosts", "tls-certs"
_KNOWN_HOSTS_KEY = "ssh_known_hosts"

_log = logging.getLogger(__name__)


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
        """Read them again; whether anything changed. A Secret that cannot be used is named in the log, and left out."""
        problems: list[str] = []
        credentials = tuple(self._readable(problems.append))
        trust = self._trust()
        if (credentials, trust, problems) == self._read:
            return False
        self._read = (credentials, trust, problems)
        self._credentials = Credentials(credentials, trust)
        for problem in problems:
            _log.error("%s", problem)
        return True

    def _readable(self, tell: Callable[[str], None]) -> Iterator[Credential]:
        for body in self._labelled(GroupKind("", "Secret"), SECRET_TYPE):
            try:
                yield parse_secret(body)
            except SourceError as error:
                tell(error.message)

    def _trust(self) -> Trust:
        known_hosts: list[str] = []
        certificates: dict[str, str] = {}
        for body in self._labelled(GroupKind("", "ConfigMap"), CONFIG_TYPE):
            if body["metadata"].get("namespace") != self._namespace:
                continue
            data: Mapping[str, str] = body.get("data") or {}
            if body["metadata"]["labels"][CONFIG_TYPE] == KNOWN_HOSTS:
                known_hosts.append(data.get(_KNOWN_HOSTS_KEY, ""))
            elif body["metadata"]["labels"][CONFIG_TYPE] == CERTIFICATES:
                certificates |= data
        return Trust("\n".join(known_hosts), certificates)

    def _labelled(self, kind: GroupKind, label: str) -> Iterator[Body]:
        for live in sorted(self._store.held(kind), key=lambda live: live.key):
            body = live.body.load() if live.body is not None else {}
            if label in (body.get("metadata", {}).get("labels") or {}):
                yield body
