"""HTTP sessions with the trust, certificates and proxies of credentials, and the words for a network that fails."""

from __future__ import annotations

import contextlib
import os
import ssl
from collections.abc import Iterator

import aiohttp

from gitops_operator.errors import SourceError
from gitops_operator.source.credentials import Credential
from gitops_operator.source.failures import Reason, failure


class Sessions:
    """HTTP sessions, one per TLS setting: making an SSLContext costs more than a poll."""

    def __init__(self, timeout: float) -> None:
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=timeout, sock_read=timeout, connect=timeout)
        self._sessions: dict[tuple[str, str, str, bool], aiohttp.ClientSession] = {}

    def get(self, credential: Credential | None) -> aiohttp.ClientSession:
        one = credential or Credential(url="")
        key = (one.ca, one.tls_client_cert, one.tls_client_key, one.insecure)
        if key not in self._sessions:
            connector = aiohttp.TCPConnector(ssl=_tls(one), limit=0, ttl_dns_cache=30)
            self._sessions[key] = aiohttp.ClientSession(
                connector=connector,
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "git/2.0 (gitops-operator)", "Accept-Encoding": "identity"},
            )
        return self._sessions[key]

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()


@contextlib.contextmanager
def network(shown: str) -> Iterator[None]:
    """Failures of a request become a SourceError about what is shown.

    Raises:
        SourceError: nobody answered, or not with the TLS that is trusted.
    """
    try:
        yield
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError, ssl.SSLError) as error:
        raise _tls_failure(error, shown) from None
    except TimeoutError:
        raise failure(Reason.TIMEOUT, f"{shown} did not answer in time") from None
    except aiohttp.ClientHttpProxyError as error:
        raise _proxy_failure(error, shown) from None
    except aiohttp.ClientConnectorError as error:
        raise failure(Reason.REPOSITORY_UNREACHABLE, f"{shown}: {_why_no_connection(error)}") from None
    except (aiohttp.ClientError, OSError) as error:
        # Only the kind: the text may repeat headers or the URL of a proxy.
        kind = type(error).__name__
        raise failure(Reason.REPOSITORY_UNREACHABLE, f"{shown}: the connection broke ({kind})") from None


def _proxy_failure(error: aiohttp.ClientHttpProxyError, shown: str) -> SourceError:
    if error.status == 407:
        return failure(Reason.AUTHENTICATION_FAILED, f"{shown}: the proxy refuses its login, or wants one")
    return failure(Reason.REPOSITORY_UNREACHABLE, f"{shown}: the proxy answers {error.status}")


def _tls_failure(error: Exception, shown: str) -> SourceError:
    cause = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    distrust = getattr(cause, "verify_message", "")
    if distrust:
        return failure(
            Reason.CERTIFICATE_INVALID,
            f"{shown}: its certificate is not trusted: {distrust}; a CA of your own belongs into the Secret's key ca",
        )
    why = (getattr(cause, "reason", "") or type(cause).__name__).replace("_", " ").lower()
    return failure(Reason.REPOSITORY_UNREACHABLE, f"{shown}: TLS cannot be spoken with the server: {why}")


def _why_no_connection(error: aiohttp.ClientConnectorError) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"the name of the host {error.host} cannot be resolved"
    return f"no connection to {error.host}:{error.port} ({os.strerror(error.errno) if error.errno else 'refused'})"


def _tls(credential: Credential) -> ssl.SSLContext:
    try:
        return _context(credential)
    except (ssl.SSLError, ValueError):
        raise failure(
            Reason.INVALID_CREDENTIAL,
            f"the CA or client certificate configured for {credential.url or 'a repository'} cannot be read",
        ) from None


def _context(credential: Credential) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # CAs of companies often lack what Python 3.13 asks for
    if credential.ca:
        context.load_verify_locations(cadata=credential.ca)
    if credential.tls_client_cert:
        _load_client_certificate(context, credential)
    if credential.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _load_client_certificate(context: ssl.SSLContext, credential: Credential) -> None:
    descriptor = os.memfd_create("client-certificate")  # OpenSSL wants a file; a secret must not reach a disk
    try:
        os.write(descriptor, (credential.tls_client_cert + "\n" + credential.tls_client_key).encode())
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
