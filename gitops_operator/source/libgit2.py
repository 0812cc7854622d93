"""What pygit2 leaves out: the host key that an SSH server showed, an end from outside, settings of the process."""

from __future__ import annotations

import ctypes
import threading
from pathlib import Path
from typing import Any

import pygit2
from pygit2.enums import ConfigLevel, CredentialType, ObjectType
from pygit2.ffi import C, ffi

from gitops_operator.errors import SourceError
from gitops_operator.source.credentials import Credential
from gitops_operator.source.failures import Reason, failure
from gitops_operator.source.known_hosts import HostKey, HostKeys
from gitops_operator.source.urls import RepositoryURL

_SSH_CERTIFICATE = 2  # GIT_CERT_HOSTKEY_LIBSSH2
_HAS_RAW_KEY = 8  # GIT_CERT_SSH_RAW
_CORRUPT = frozenset({4, 5, 6, 9, 14, 15})  # classes of errors: reference, zlib, repository, odb, tree, indexer
_SYSTEM = 2  # the class of errors of the operating system: a full disk, a folder that cannot be written
OPEN_PACKS = 128
"""How many packs of all mirrors are open at once: each fetch leaves one behind, and libgit2 would keep all open."""
_MISSING = (
    "not found",
    "does not exist",
    "could not find",
    "could not be found",
    "no such",
    "not appear to be a git repository",
)


class Cancelled(Exception):  # noqa: N818  # the end was asked for
    """A fetch was ended from outside."""


class _HostKeyCertificate(ctypes.Structure):
    """git_cert_hostkey of libgit2 1.5 and later."""

    _fields_ = [  # type: ignore[mutable-override]  # typeshed wants a Sequence, ctypes a constant
        ("cert_type", ctypes.c_int),
        ("type", ctypes.c_int),
        ("hash_md5", ctypes.c_ubyte * 16),
        ("hash_sha1", ctypes.c_ubyte * 20),
        ("hash_sha256", ctypes.c_ubyte * 32),
        ("raw_type", ctypes.c_int),
        ("hostkey", ctypes.c_void_p),
        ("hostkey_len", ctypes.c_size_t),
    ]


def prepare(home: Path, timeout: float) -> None:
    """Settings of the process: nobody's Git configuration counts, memory is bounded, silence ends."""
    for level in (ConfigLevel.PROGRAMDATA, ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL):
        pygit2.settings.search_path[level] = ""
    pygit2.settings.homedir = str(home)
    pygit2.settings.owner_validation = False  # a file:// repository may belong to somebody else; nothing of it is run
    pygit2.settings.cache_max_size(64 << 20)
    pygit2.settings.cache_object_limit(ObjectType.TREE, 64 << 10)
    pygit2.settings.mwindow_file_limit = OPEN_PACKS
    # The bridge watches the servers; this is for what it cannot see, and must not come first.
    pygit2.settings.server_connect_timeout = pygit2.settings.server_timeout = int((timeout * 2 + 10) * 1000)


class Callbacks(pygit2.RemoteCallbacks):
    """One connection of libgit2."""

    def __init__(self, url: RepositoryURL, credential: Credential | None, keys: HostKeys) -> None:
        super().__init__()
        self._url = url
        self._credential = credential
        self._keys = keys
        self._offered = False
        self._check = ffi.callback("int(git_cert *, int, const char *, void *)", self._check_certificate)
        self._options: Any = None
        self.cancelled = threading.Event()
        self.host_key_error: SourceError | None = None

    # pygit2 hands its callbacks the C options before it uses them: the place to set what it has no parameter for.

    @property
    def remote_callbacks(self) -> Any:
        return self._options

    @remote_callbacks.setter
    def remote_callbacks(self, options: Any) -> None:
        options.certificate_check = self._check
        self._options = options

    @property
    def fetch_options(self) -> Any:
        return self._options

    @fetch_options.setter
    def fetch_options(self, options: Any) -> None:
        options.callbacks.certificate_check = self._check
        options.download_tags = C.GIT_REMOTE_DOWNLOAD_TAGS_NONE  # the refspecs name them
        options.follow_redirects = C.GIT_REMOTE_REDIRECT_NONE
        options.update_fetchhead = 0  # it would hold the URL
        self._options = options

    def transfer_progress(self, stats: object) -> None:  # noqa: ARG002  # pygit2's signature, as below
        if self.cancelled.is_set():
            raise Cancelled

    def sideband_progress(self, string: str) -> None:  # noqa: ARG002
        if self.cancelled.is_set():
            raise Cancelled

    def credentials(self, url: str, username_from_url: str | None, allowed_types: CredentialType) -> Any:  # noqa: ARG002
        if self._url.scheme != "ssh":
            raise failure(
                Reason.AUTHENTICATION_FAILED, f"{self._url.shown} asks for a login"
            )  # the bridge has logged in
        if self._offered:
            raise failure(Reason.AUTHENTICATION_FAILED, f"{self._url.shown} refuses the SSH key or password")
        self._offered = True
        return self._answer(username_from_url or "git", allowed_types)

    def _answer(self, user: str, allowed: CredentialType) -> pygit2.Keypair | pygit2.UserPass:
        one = self._credential
        if one and one.ssh_private_key and allowed & CredentialType.SSH_MEMORY:
            return pygit2.KeypairFromMemory(user, "", one.ssh_private_key, one.password)
        password = one.password if one and not one.ssh_private_key else self._url.password
        if password and allowed & CredentialType.USERPASS_PLAINTEXT:
            return pygit2.UserPass(user, password)
        raise failure(
            Reason.AUTHENTICATION_FAILED,
            f"{self._url.shown} needs an SSH key: no Secret with an sshPrivateKey serves it",
        )

    def _check_certificate(self, certificate: Any, *_: Any) -> int:
        address = int(ffi.cast("uintptr_t", certificate))
        shown = _HostKeyCertificate.from_address(address)
        if shown.cert_type != _SSH_CERTIFICATE or not shown.type & _HAS_RAW_KEY:
            return int(C.GIT_ECERTIFICATE)  # TLS never gets here: it ends in the bridge
        blob = ctypes.string_at(shown.hostkey, shown.hostkey_len)
        if self._credential and self._credential.insecure:
            return 0
        self.host_key_error = judge(HostKey(_kind_of(blob), blob), self._keys, self._url)
        return int(C.GIT_ECERTIFICATE) if self.host_key_error else 0


def judge(shown: HostKey, keys: HostKeys, url: RepositoryURL) -> SourceError | None:
    """What is wrong with the key that a host showed, if anything."""
    if shown in keys.trusted:
        return None
    key = f"{url.host} shows the {shown.kind} key {shown.fingerprint}"
    if shown in keys.revoked:
        return failure(Reason.HOST_KEY_MISMATCH, f"{key}, which is marked as revoked in the known hosts")
    if not keys.trusted:
        place = url.host if url.port == 22 else f"[{url.host}]:{url.port}"
        return failure(
            Reason.HOST_KEY_UNKNOWN,
            f"{key}, and nothing vouches for it: compare it with what the host's owner publishes, then add the line "
            f"'{place} {shown.line}' to knownHosts in the repository's Secret or to the known hosts of the operator",
        )
    known = ", ".join(f"{one.kind} {one.fingerprint}" for one in sorted(keys.trusted))
    return failure(
        Reason.HOST_KEY_MISMATCH,
        f"{key}, but the known hosts say {known}: somebody may be in between, or the host has a new key",
    )


def translate(error: Exception, url: RepositoryURL) -> SourceError:
    """An error of libgit2 in the words of a SourceError; the bridge has said already what it knows better."""
    text = str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
    shown = url.shown
    if isinstance(error, pygit2.AuthError) or "authenticat" in text.lower():
        return failure(Reason.AUTHENTICATION_FAILED, f"{shown} refuses the credential: {text}")
    if isinstance(error, TimeoutError) or "timed out" in text.lower():
        return failure(Reason.TIMEOUT, f"{shown} did not answer in time")
    if any(word in text.lower() for word in _MISSING) and url.scheme in {"ssh", "file"}:
        return failure(Reason.REPOSITORY_NOT_FOUND, f"{shown} was not found: {text}")
    kind = getattr(error, "error_class", 0)
    if isinstance(error, OSError) or kind == _SYSTEM:
        return failure(Reason.MIRROR_FAILED, f"the mirror of {shown} cannot be written: {text}")
    if isinstance(error, KeyError) or kind in _CORRUPT:
        return failure(Reason.REPOSITORY_CORRUPT, f"{shown} sends objects that cannot be stored: {text}")
    return failure(Reason.REPOSITORY_UNREACHABLE, f"{shown}: {text}")


def _kind_of(blob: bytes) -> str:
    length = int.from_bytes(blob[:4], "big")
    return blob[4 : 4 + length].decode("ascii", errors="replace")
