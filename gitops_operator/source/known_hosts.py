"""The known_hosts format of OpenSSH: plain, hashed, wildcard and [host]:port entries."""

from __future__ import annotations

import base64
import binascii
import fnmatch
import hashlib
import hmac
from typing import NamedTuple

_REVOKED = "@revoked"
_AUTHORITY = "@cert-authority"  # certificates of hosts are not supported: such a line vouches for nothing
_KINDS = frozenset(
    {"ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-dss"}
)


class HostKey(NamedTuple):
    """A public key as SSH sends it."""

    kind: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """The fingerprint as ssh-keygen prints it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    @property
    def line(self) -> str:
        """Kind and key as known_hosts has them behind the host."""
        return f"{self.kind} {base64.b64encode(self.blob).decode()}"


class HostKeys(NamedTuple):
    """What known_hosts says about one host."""

    trusted: frozenset[HostKey] = frozenset()
    revoked: frozenset[HostKey] = frozenset()


class _Line(NamedTuple):
    marker: str
    hosts: str
    key: HostKey


def keys_of(text: str, host: str, port: int) -> HostKeys:
    """The keys of a host; lines that cannot be read vouch for nothing."""
    name = host.lower() if port == 22 else f"[{host.lower()}]:{port}"
    lines = [line for line in map(_parse, text.splitlines()) if line is not None and _matches(line.hosts, name)]
    revoked = frozenset(line.key for line in lines if line.marker == _REVOKED)
    return HostKeys(frozenset(line.key for line in lines if not line.marker) - revoked, revoked)


def restricted_to(text: str, host: str, port: int) -> str:
    """The same knowledge with only the lines about one host, in a stable order."""
    name = host if port == 22 else f"[{host}]:{port}"
    keys = keys_of(text, host, port)
    lines = [f"{name} {key.line}" for key in keys.trusted] + [f"{_REVOKED} {name} {key.line}" for key in keys.revoked]
    return "".join(f"{line}\n" for line in sorted(lines))


def malformed_lines(text: str) -> list[int]:
    """The numbers of the lines that are neither empty, nor a comment, nor an entry."""
    return [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#") and _parse(line) is None
    ]


def _parse(line: str) -> _Line | None:
    words = line.split()
    marker = words.pop(0) if words and words[0] in {_REVOKED, _AUTHORITY} else ""
    if len(words) < 3 or words[0].startswith("#"):
        return None
    hosts, kind, encoded = words[:3]
    try:
        blob = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    if marker == _AUTHORITY or kind in _KINDS:
        return _Line(marker, hosts, HostKey(kind, blob))
    return _Line(_AUTHORITY, hosts, HostKey(kind, blob))  # a kind that libssh2 cannot use


def _matches(hosts: str, name: str) -> bool:
    if hosts.startswith("|1|"):
        return _matches_hash(hosts, name)
    patterns = hosts.lower().split(",")
    if any(pattern.startswith("!") and _glob(pattern[1:], name) for pattern in patterns):
        return False
    return any(_glob(pattern, name) for pattern in patterns)


def _glob(pattern: str, name: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern.replace("[", "[[]"))  # only * and ? are special here


def _matches_hash(entry: str, name: str) -> bool:
    try:
        salt, digest = (base64.b64decode(part, validate=True) for part in entry[3:].split("|"))
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(hmac.new(salt, name.encode(), hashlib.sha1).digest(), digest)
