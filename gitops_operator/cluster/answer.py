"""What the Kubernetes API says: a success as it came, or a ClusterError that tells refusals and silence apart."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import NamedTuple

import aiohttp
import msgspec

from gitops_operator.errors import Cause, ClusterError

_TEXT_LIMIT = 300
_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')


class Answer(NamedTuple):
    """A success: 201 says that the object is new, 304 that what the ETag names is still right."""

    status: int
    body: bytes = b""
    warnings: tuple[str, ...] = ()
    etag: str = ""

    @property
    def created(self) -> bool:
        """Whether this request made the object."""
        return self.status == 201


class ConnectionLostError(ClusterError):
    """The connection died before the answer was whole; the server may or may not have acted."""


class _Cause(msgspec.Struct):
    reason: str = ""
    message: str = ""
    field: str = ""


class _Details(msgspec.Struct, rename={"retry_after": "retryAfterSeconds"}):
    causes: list[_Cause] | None = None
    retry_after: float = 0


class _Status(msgspec.Struct):
    kind: str = ""
    code: int = 0
    reason: str = ""
    message: str = ""
    details: _Details | None = None


_DECODER = msgspec.json.Decoder(_Status)


def refusal(status: int, body: bytes, retry_after: str = "") -> ClusterError:
    """The error that an HTTP answer above 299 is.

    A body that is no Kubernetes Status (text of a proxy, of a path that is not served, of an aggregated API that is
    down) leaves `api_reason` empty.
    """
    said = _status_of(body)
    if said is None:
        text = " ".join(body[:_TEXT_LIMIT].decode("utf-8", "replace").split())
        return ClusterError(text or f"HTTP {status} without a word", status=status, retry_after=_seconds(retry_after))
    details = said.details or _Details()
    return ClusterError(
        said.message or said.reason or f"HTTP {status}",
        status=status or said.code,
        api_reason=said.reason,
        causes=tuple(Cause(cause.reason, cause.message, cause.field) for cause in details.causes or ()),
        retry_after=_seconds(retry_after) or details.retry_after,
    )


def no_answer(server: str, error: BaseException) -> ClusterError:
    """The error that silence is; the message names the host and never a credential."""
    message = f"No answer from {server}: {_why(error)}."
    lost = isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientPayloadError | ConnectionResetError)
    broken_pipe = isinstance(error, aiohttp.ClientOSError) and not isinstance(error, aiohttp.ClientConnectorError)
    return ConnectionLostError(message) if lost or broken_pipe else ClusterError(message)


def warnings_of(values: Iterable[str]) -> tuple[str, ...]:
    """The texts of `Warning:` headers, of which the server may send several."""
    return tuple(re.sub(r"\\(.)", r"\1", text) for value in values for text in _WARNING.findall(value))


def _status_of(body: bytes) -> _Status | None:
    try:
        said = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return said if said.kind == "Status" else None


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() else 0.0


def _why(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is not trusted ({error.certificate_error})"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the connection was closed"
    if isinstance(error, OSError):  # aiohttp's own words for them hold the URL
        return os.strerror(error.errno) if error.errno else "the connection broke"
    if isinstance(error, aiohttp.ClientResponseError):  # its text holds the URL, and a proxy's holds a password
        return f"{error.status} {error.message}"
    return str(error) or type(error).__name__
