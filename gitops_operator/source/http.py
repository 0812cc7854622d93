"""Git over HTTP(S), up to the pack: listing references, and one exchange for the bridge; every error has its reason."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

import aiohttp

from gitops_operator.errors import SourceError
from gitops_operator.source.credentials import Credential
from gitops_operator.source.failures import Reason, failure
from gitops_operator.source.login import Login
from gitops_operator.source.pkt_line import ProtocolError, ls_refs, read_advertisement, read_ls_refs
from gitops_operator.source.proxies import proxy_for
from gitops_operator.source.sessions import Sessions, network
from gitops_operator.source.urls import RepositoryURL

INFO_REFS = "info/refs"
UPLOAD_PACK = "git-upload-pack"
_QUERY = "?service=git-upload-pack"
_ADVERTISEMENT = "application/x-git-upload-pack-advertisement"
_RESULT = "application/x-git-upload-pack-result"
_REQUEST = "application/x-git-upload-pack-request"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_LISTING = 256 << 20  # a million references are 80 MB


class HttpRemote:
    """One repository behind HTTP."""

    def __init__(self, url: RepositoryURL, credential: Credential | None, sessions: Sessions, login: Login) -> None:
        self._url = url
        self._credential = credential
        self._sessions = sessions
        self._login = login
        self._for_strangers = credential and replace(credential, tls_client_cert="", tls_client_key="")
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
        self._login.has_worked = self._login.has_worked or not self._is_foreign

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
        address, login = self._base + what, {} if self._is_foreign else await self._login.headers()
        with network(self._url.shown):
            session = self._sessions.get(self._for_strangers if self._is_foreign else self._credential)
            proxy = proxy_for(self._credential, address)
            async with session.request(
                method, address, data=body, headers=headers | login, proxy=proxy, allow_redirects=False
            ) as answer:
                yield answer

    def _refusal(self, answer: aiohttp.ClientResponse) -> SourceError:
        shown, status = self._url.shown, f"{answer.status} {answer.reason}"
        if answer.status in {401, 403, 407}:
            return self._login.refused(answer, is_foreign=self._is_foreign)
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


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    data = bytearray()
    async for chunk in answer.content.iter_any():
        data += chunk
        if len(data) > _MAX_LISTING:
            raise ProtocolError("the list of references is too long")
    return bytes(data)
