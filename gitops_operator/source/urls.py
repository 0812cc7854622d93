"""The URL of a repository: what is connected to, what is shown, and when two of them mean the same."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from gitops_operator.source.failures import Reason, failure

_DEFAULT_PORTS = {"http": 80, "https": 443, "ssh": 22, "file": 0}
_SCP_LIKE = re.compile(r"(?:(?P<user>[^@/:\s]+)@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^@/:\[\]\s]+):(?P<path>[^\s]*)")
_HOST = re.compile(r"[^.]{1,63}(\.[^.]{1,63})*\.?")
_SUPPORTED = "use https://, http://, ssh:// or the form git@host:path"


@dataclass(frozen=True, slots=True)
class RepositoryURL:
    """`path` is what the server gets: it has a leading slash except in the scp-like form, where it is relative."""

    scheme: str
    host: str
    port: int
    path: str
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def place(self) -> str:
        """Host and port as a URL writes them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def shown(self) -> str:
        """The URL without credentials; the user of an SSH URL is an address and stays."""
        user = f"{self.user}@" if self.user and self.scheme == "ssh" else ""
        if self.scheme == "ssh" and not self.path.startswith("/"):
            return f"{user}{self.place}:{self.path}"
        return f"{self.scheme}://{user}{self.place}{self.path}"

    @property
    def identity(self) -> tuple[str, str, int, tuple[str, ...]]:
        """Equal for URLs that name the same repository: no user, no `.git`, no slashes at the end."""
        segments = tuple(segment for segment in self.path.split("/") if segment)
        if segments:
            segments = (*segments[:-1], segments[-1].removesuffix(".git"))
        return self.scheme, self.host, self.port, segments

    def is_below(self, prefix: RepositoryURL) -> bool:
        """Whether this URL starts with `prefix`, at the border of a path segment.

        A plain comparison of text would send the credential of https://github.com to https://github.com.evil.example.
        """
        mine, other = self.identity, prefix.identity
        return mine[:3] == other[:3] and mine[3][: len(other[3])] == other[3]


def parse_url(text: str, *, is_prefix: bool = False) -> RepositoryURL:
    """Read the URL of a repository, or of all repositories below it: then it may be only a host.

    Raises:
        SourceError: the URL cannot be used; the message does not repeat its credentials.
    """
    text = text.strip()
    if not text:
        raise failure(Reason.UNSUPPORTED_URL, f"the repository URL is empty: {_SUPPORTED}")
    if any(character.isspace() or not character.isprintable() for character in text):
        raise failure(Reason.UNSUPPORTED_URL, "the repository URL holds blanks or control characters")
    url = _parse_with_scheme(text) if "://" in text else _parse_scp_like(text)
    if url.host and not _HOST.fullmatch(url.host):
        raise failure(Reason.UNSUPPORTED_URL, f"{url.host[:80]} is not the name of a host")
    if not is_prefix and not url.path.strip("/"):
        raise failure(Reason.UNSUPPORTED_URL, "the repository URL names no path")
    return url


def _parse_with_scheme(text: str) -> RepositoryURL:
    try:
        parts = urlsplit(text)
        port = parts.port
        host = parts.hostname or ""
    except ValueError:
        raise failure(Reason.UNSUPPORTED_URL, f"the repository URL is malformed: {_SUPPORTED}") from None
    scheme = parts.scheme.lower().removeprefix("git+")
    if scheme not in _DEFAULT_PORTS:
        raise failure(Reason.UNSUPPORTED_URL, f"repositories over {scheme}:// are not supported: {_SUPPORTED}")
    if parts.query or parts.fragment:
        raise failure(Reason.UNSUPPORTED_URL, "the repository URL must have neither a query nor a fragment")
    if scheme == "file":
        return _parse_file(host, parts.path)
    if not host:
        raise failure(Reason.UNSUPPORTED_URL, "the repository URL names no host")
    return RepositoryURL(
        scheme=scheme,
        host=host,
        port=port or _DEFAULT_PORTS[scheme],
        path=parts.path,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _parse_file(host: str, path: str) -> RepositoryURL:
    if host not in {"", "localhost"} or not path.startswith("/"):
        raise failure(Reason.UNSUPPORTED_URL, "a file:// URL needs an absolute path: file:///path/to/repository")
    return RepositoryURL("file", "", 0, path)


def _parse_scp_like(text: str) -> RepositoryURL:
    match = _SCP_LIKE.fullmatch(text)
    if not match:
        raise failure(Reason.UNSUPPORTED_URL, f"{_without_user(text)} is not the URL of a repository: {_SUPPORTED}")
    if "@" in match["path"].partition("/")[0]:  # user:password@host, which Git would take for a host named user
        raise failure(Reason.UNSUPPORTED_URL, f"the repository URL looks like one without its scheme: {_SUPPORTED}")
    host = match["host"].strip("[]").lower()
    return RepositoryURL("ssh", host, _DEFAULT_PORTS["ssh"], match["path"], match["user"] or "")


def _without_user(text: str) -> str:
    return text.rpartition("@")[2]
