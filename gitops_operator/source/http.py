"""Git over HTTP(S), up to the pack: listing references, and one exchange for the bridge; every error has its reason."""

from __future__ import annotations

import contextlib
import os
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Iterable, Iterator
from urllib.parse import urljoin, urlsplit

import aiohttp

from gitops_operator.errors import SourceError
from gitops_operator.source.credentials import Credential
from gitops_operator.source.failures import Reason, failure
from gitops_operator.source.pkt_line import ProtocolError, ls_refs, read_advertisement, read_ls_refs
from gitops_operator.source.urls import RepositoryURL

INFO_REFS = "info/refs"
UPLOAD_PACK = "git-upload-pack"
_QUERY = "?service=git-upload-pack"
_ADVERTISEMENT = "application/x-git-upload-pack-advertisement"
_RESULT = "application/x-git-upload-pack-result"
_REQUEST = "application/x-git-upload-pack-request"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_LISTING = 256 << 20  # a million references are 80 MB


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


class HttpRemote:
    """One repository behind HTTP."""

    def __init__(self, url: RepositoryURL, credential: Credential | None, sessions: Sessions) -> None:
        self._url = url
        self._credential = credential
        self._sessions = sessions
        self._home = self._base = f"{url.scheme}://{url.place}{url.path.rstrip('/')}/"
        self._is_foreign = False  # redirected to another host, which never sees the credential
        self._speaks_v2 = False

    async def references(self, prefixes: Iterable[str]) -> dict[str, str]:
        """The commits of the references that start with a prefix (an old server names all that it has).

        Raises:
            SourceError: the server did not answer, or refused.
        """
        with self._protocol():
            is_known, self._speaks_v2 = self._speaks_v2, False  # after any failure all is found out anew
            if not is_known:
                advertised = read_advertisement(await self._advertisement())
                if advertised is not None:
                    return advertised
            headers = {"Git-Protocol": "version=2", "Content-Type": _REQUEST, "Accept": _RESULT}
            async with self.exchange("POST", UPLOAD_PACK, headers=headers, body=ls_refs(prefixes)) as answer:
                references = read_ls_refs(await _read(answer))
                self._speaks_v2 = True  # from now on a poll is one request
                return references

    @contextlib.asynccontextmanager
    async def exchange(
        self, method: str, what: str, *, headers: dict[str, str], body: bytes | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """One successful answer of the server, to be read inside."""
        async with self._request(method, what, headers, body) as answer:
            self._check(answer, _RESULT if what == UPLOAD_PACK else _ADVERTISEMENT)
            yield answer

    async def _advertisement(self) -> bytes:
        self._base, self._is_foreign = self._home, False
        for _ in range(5):
            async with self._request("GET", INFO_REFS + _QUERY, {"Git-Protocol": "version=2"}, None) as answer:
                if answer.status not in _REDIRECTS:
                    self._check(answer, _ADVERTISEMENT)
                    return await _read(answer)
                self._follow(answer.headers.get("Location", ""))
        raise failure(Reason.REPOSITORY_NOT_FOUND, f"{self._url.shown} redirects again and again")

    def _check(self, answer: aiohttp.ClientResponse, content_type: str) -> None:
        if answer.status != 200:
            raise self._refusal(answer)
        if answer.content_type != content_type:
            raise failure(
                Reason.REPOSITORY_NOT_FOUND,
                f"{self._url.shown} answers, but not with Git's smart HTTP protocol: is the URL a repository's?",
            )

    def _follow(self, location: str) -> None:
        """Take a redirect of the first request, as git does; the credential stays with the host it was given for."""
        target = urlsplit(urljoin(self._base + INFO_REFS + _QUERY, location))
        here = urlsplit(self._base)
        path, found, _ = target.path.partition("/" + INFO_REFS)
        if not found or target.scheme not in {"https", here.scheme}:
            raise failure(
                Reason.REPOSITORY_NOT_FOUND, f"{self._url.shown} redirects to something that is no repository"
            )
        upgrade = here.scheme == "http" and target.scheme == "https"
        same_port = target.port == here.port or (upgrade and target.port in {None, 443})
        self._is_foreign = self._is_foreign or target.hostname != here.hostname or not same_port
        self._base = f"{target.scheme}://{target.netloc.rpartition('@')[2]}{path}/"

    @contextlib.asynccontextmanager
    async def _request(
        self, method: str, what: str, headers: dict[str, str], body: bytes | None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        proxy = self._credential.proxy if self._credential else ""
        with self._network():
            session = self._sessions.get(self._credential)
            async with session.request(
                method,
                self._base + what,
                data=body,
                headers=headers | self._authorization(),
                proxy=proxy or None,
                allow_redirects=False,
            ) as answer:
                yield answer

    def _authorization(self) -> dict[str, str]:
        if self._is_foreign:
            return {}
        one = self._credential
        if one and one.bearer_token:
            return {"Authorization": f"Bearer {one.bearer_token}"}
        user = one.username if one else ""
        password = one.password if one else ""
        user, password = (user, password) if user or password else (self._url.user, self._url.password)
        if not user and not password:
            return {}
        basic = b64encode(f"{user or 'git'}:{password}".encode()).decode()
        return {"Authorization": f"Basic {basic}"}

    def _refusal(self, answer: aiohttp.ClientResponse) -> SourceError:
        shown, status = self._url.shown, f"{answer.status} {answer.reason}"
        if answer.status == 401 and not self._authorization():
            return failure(
                Reason.AUTHENTICATION_FAILED,
                f"{shown} asks for a login and no credential is configured for it (some hosts also answer so "
                "when there is no such repository)",
            )
        if answer.status in {401, 403, 407}:
            return failure(Reason.AUTHENTICATION_FAILED, f"{shown} refuses the credential: {status}")
        if answer.status in {404, 410}:
            return failure(
                Reason.REPOSITORY_NOT_FOUND,
                f"{shown} was not found ({status}): it is missing, or hidden from this login",
            )
        return failure(Reason.REPOSITORY_UNREACHABLE, f"{shown} answers {status}")

    @contextlib.contextmanager
    def _protocol(self) -> Iterator[None]:
        try:
            yield
        except ProtocolError as error:
            raise failure(Reason.REPOSITORY_UNREACHABLE, f"{self._url.shown}: {error}") from None

    @contextlib.contextmanager
    def _network(self) -> Iterator[None]:
        shown = self._url.shown
        try:
            yield
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError, ssl.SSLError) as error:
            raise _tls_failure(error, shown) from None
        except TimeoutError:
            raise failure(Reason.TIMEOUT, f"{shown} did not answer in time") from None
        except aiohttp.ClientConnectorError as error:
            raise failure(Reason.REPOSITORY_UNREACHABLE, f"{shown}: {_why_no_connection(error)}") from None
        except (aiohttp.ClientError, OSError) as error:
            # Only the kind: the text may repeat headers or the URL of a proxy.
            raise failure(
                Reason.REPOSITORY_UNREACHABLE, f"{shown}: the connection broke ({type(error).__name__})"
            ) from None


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    data = bytearray()
    async for chunk in answer.content.iter_any():
        data += chunk
        if len(data) > _MAX_LISTING:
            raise ProtocolError("the list of references is too long")
    return bytes(data)


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
