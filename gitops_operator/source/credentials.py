"""Which credential opens a repository, and for whom: a Secret of a namespace serves only the Applications there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Literal

from gitops_operator.errors import SourceError
from gitops_operator.source.known_hosts import restricted_to
from gitops_operator.source.urls import RepositoryURL, parse_url

Kind = Literal["repository", "repo-creds"]


@dataclass(frozen=True, slots=True)
class Credential:
    """How to open a repository (kind repository) or all repositories below a URL (kind repo-creds)."""

    url: str
    kind: Kind = "repository"
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    bearer_token: str = field(default="", repr=False)
    ssh_private_key: str = field(default="", repr=False)
    known_hosts: str = field(default="", repr=False)
    ca: str = field(default="", repr=False)
    tls_client_cert: str = field(default="", repr=False)
    tls_client_key: str = field(default="", repr=False)
    insecure: bool = False
    proxy: str = field(default="", repr=False)  # its URL may hold a password
    no_proxy: str = ""
    github_app_id: str = ""
    github_app_installation_id: str = ""
    github_app_private_key: str = field(default="", repr=False)
    github_app_base_url: str = ""
    namespace: str = ""
    name: str = ""

    @property
    def place(self) -> RepositoryURL:
        """What it opens.

        Raises:
            SourceError: its URL cannot be used.
        """
        return parse_url(self.url, is_prefix=self.kind == "repo-creds")

    @property
    def fingerprint(self) -> str:
        """Differs whenever another repository might be seen: mirrors are shared only by what has it in common.

        Trust counts as well as secrets: with a CA of its own or no check at all, one tenant could be shown a
        repository that is not the one the others mean.
        """
        digest = hashlib.sha256()
        for one in fields(self):
            if one.name not in {"url", "kind", "namespace", "name"}:
                value = str(getattr(self, one.name)).encode()
                digest.update(b"%d:" % len(value) + value)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom to believe, from ConfigMaps: known_hosts, and certificates (PEM) by host name."""

    known_hosts: str = ""
    certificates: Mapping[str, str] = field(default_factory=dict, hash=False)


class Credentials:
    """An immutable set of credentials."""

    __slots__ = ("_credentials", "_trust")

    def __init__(self, credentials: Iterable[Credential] = (), trust: Trust | None = None) -> None:
        self._credentials = tuple((credential.place, credential) for credential in credentials)
        self._trust = trust or Trust()

    def choose(self, url: str, namespace_of_application: str, operator_namespace: str) -> Credential | None:
        """The credential for a repository, completed by what is trusted of its host; None where there is neither.

        One for exactly this repository beats one for a prefix, a longer prefix a shorter one, and an Application's own
        namespace the operator's.

        Raises:
            SourceError: the URL cannot be used.
        """
        wanted = parse_url(url)
        allowed = (namespace_of_application, operator_namespace)
        usable = [
            (_rank(place, one, namespace_of_application), one)
            for place, one in self._credentials
            if one.namespace in allowed and _serves(one, place, wanted)
        ]
        chosen = max(usable, key=lambda pair: pair[0])[1] if usable else None
        return _with_trust(chosen, wanted, self._trust)


def usable(credentials: Iterable[Credential]) -> tuple[list[Credential], list[SourceError]]:
    """The credentials whose URL can be read, and what is wrong with the others."""
    good, bad = [], []
    for credential in credentials:
        try:
            _ = credential.place
        except SourceError as error:
            bad.append(error)
        else:
            good.append(credential)
    return good, bad


def _serves(credential: Credential, place: RepositoryURL, wanted: RepositoryURL) -> bool:
    if credential.kind == "repository":
        return place.identity == wanted.identity
    return wanted.is_below(place)


def _rank(place: RepositoryURL, credential: Credential, own: str) -> tuple[bool, int, bool, str]:
    return credential.kind == "repository", len(place.identity[3]), credential.namespace == own, credential.name


def _with_trust(credential: Credential | None, url: RepositoryURL, trust: Trust) -> Credential | None:
    found = credential or Credential(url=url.shown)
    if url.scheme == "ssh":
        known_hosts = restricted_to(f"{found.known_hosts}\n{trust.known_hosts}", url.host, url.port)
        found = replace(found, known_hosts=known_hosts)
    if url.scheme == "https":
        authority = trust.certificates.get(url.host) or trust.certificates.get(f"{url.host}:{url.port}") or ""
        found = replace(found, ca="\n".join(filter(None, (found.ca, authority))))
    return credential if credential is None and found == Credential(url=url.shown) else found
