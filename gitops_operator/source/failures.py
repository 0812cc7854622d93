"""What can go wrong between an Application and its repository, by the reason word of the condition."""

from __future__ import annotations

from enum import StrEnum

from gitops_operator.errors import SourceError


class Reason(StrEnum):
    """The reason words of a SourceError."""

    REPOSITORY_NOT_FOUND = "RepositoryNotFound"
    AUTHENTICATION_FAILED = "AuthenticationFailed"
    CREDENTIAL_EXPIRED = "CredentialExpired"
    HOST_KEY_UNKNOWN = "HostKeyUnknown"
    HOST_KEY_MISMATCH = "HostKeyMismatch"
    CERTIFICATE_INVALID = "CertificateInvalid"
    TIMEOUT = "Timeout"
    REVISION_NOT_FOUND = "RevisionNotFound"
    AMBIGUOUS_REVISION = "AmbiguousRevision"
    REVISION_GONE = "RevisionGone"
    REPOSITORY_EMPTY = "RepositoryEmpty"
    REPOSITORY_UNREACHABLE = "RepositoryUnreachable"
    FILE_TOO_LARGE = "FileTooLarge"
    REPOSITORY_CORRUPT = "RepositoryCorrupt"
    UNSUPPORTED_URL = "UnsupportedURL"
    INVALID_CREDENTIAL = "InvalidCredential"
    MIRROR_FOLDER_IN_USE = "MirrorFolderInUse"
    MIRROR_FAILED = "MirrorFailed"


# What time alone may mend; all others wait for somebody to change something (and are still looked at, less often).
_TRANSIENT = frozenset({Reason.TIMEOUT, Reason.REPOSITORY_UNREACHABLE, Reason.REPOSITORY_CORRUPT, Reason.MIRROR_FAILED})


def failure(reason: Reason, message: str) -> SourceError:
    return SourceError(message, reason=reason.value, transient=reason in _TRANSIENT)


def same(one: SourceError | None, other: SourceError | None) -> bool:
    """Whether two failures read the same to a user."""
    if one is None or other is None:
        return one is other
    return (one.reason, one.message) == (other.reason, other.message)


def again(error: SourceError, reason: str = "") -> SourceError:
    """A copy to raise: an exception that is raised twice gathers the tracebacks of both."""
    return SourceError(error.message, reason=reason or error.reason, transient=error.transient)
