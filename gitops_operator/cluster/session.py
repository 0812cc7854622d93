"""The authenticated connection to one API server: kubernetes-asyncio reads its configuration, aiohttp carries bytes."""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any, Protocol

import aiohttp
from yarl import URL

from gitops_operator.cluster.configuration import (
    ConfigException,
    Configuration,
    load_incluster_config,
    load_kube_config,
)
from gitops_operator.cluster.request import Request
from gitops_operator.errors import ClusterError

_READ_BUFFER = 2**21  # aiohttp's own limit of 128 KiB stalls on large objects
_RELOAD = 300.0  # seconds between two readings of a kubeconfig's credentials
_RELOAD_AFTER_REFUSAL = 5.0
_EXPIRY_MARGIN = 60.0
_USER_AGENT = "gitops-operator"
_SPOKEN = (ConfigException, OSError)  # errors whose text is for people; others may quote what they read

_log = logging.getLogger(__name__)


class Credentials(Protocol):
    """Who we are to the server, asked before each request."""

    async def authorization(self) -> str:
        """The Authorization header; "" where a client certificate speaks for us."""
        ...

    def refused(self) -> None:
        """The server answered 401."""
        ...


class Session:
    """One connection pool to one server. It logs neither bodies nor tokens."""

    def __init__(
        self, http: aiohttp.ClientSession, server: str, credentials: Credentials, transport: dict[str, Any]
    ) -> None:
        self.server = server
        self._http = http
        self._base = server.rstrip("/")
        self._credentials = credentials
        self._transport = transport

    @asynccontextmanager
    async def open(
        self,
        request: Request,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 – aiohttp's own value
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to a request while its body is still to be read."""
        url = URL(self._base + request.target, encoded=True)
        sending = self._http.request(
            request.method,
            url,
            headers=await self._headers(request),
            data=_payload(request.body),
            timeout=timeout,
            allow_redirects=False,
            **self._transport,
        )
        async with sending as response:
            if response.status == 401:
                self._credentials.refused()
            yield response

    async def _headers(self, request: Request) -> dict[str, str]:
        headers = {"Accept": request.accept, "Accept-Encoding": "identity", "User-Agent": _USER_AGENT}
        if request.content_type:
            headers["Content-Type"] = request.content_type
        if request.etag:
            headers["If-None-Match"] = request.etag
        if request.user:  # of a service account the server knows the groups by itself
            headers["Impersonate-User"] = request.user
        if authorization := await self._credentials.authorization():
            headers["Authorization"] = authorization
        return headers

    def lend(self) -> aiohttp.ClientSession:
        """Our connections as a plain aiohttp session, for a library that speaks HTTP by itself.

        It authenticates each request anew, because tokens are renewed while it lives. It is the borrower's to close,
        and this session is of no use afterwards.
        """
        lent = aiohttp.ClientSession(
            connector=self._http.connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": _USER_AGENT},
            middlewares=(self._authenticate,),
            proxy=self._transport.get("proxy"),
            read_bufsize=_READ_BUFFER,
        )
        self._http.detach()
        return lent

    async def close(self) -> None:
        await self._http.close()

    async def _authenticate(
        self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        if authorization := await self._credentials.authorization():
            request.headers["Authorization"] = authorization
        # A session has no defaults for these two; the connection is made after this.
        request.server_hostname = self._transport.get("server_hostname")
        request.proxy_headers = self._transport.get("proxy_headers")
        response = await send(request)
        if response.status == 401:
            self._credentials.refused()
        return response


async def connect(kubeconfig: str | None = None, context: str | None = None, *, connections: int = 1024) -> Session:
    """A session with the server that a kubeconfig names; with neither argument, the cluster that we run in.

    `connections` must leave room for one watch a kind.

    Raises:
        ClusterError: the configuration cannot be used; nothing has been sent yet.
    """
    if kubeconfig is None and context is None and os.environ.get("KUBERNETES_SERVICE_HOST"):
        configuration, credentials = _in_cluster()
    else:
        credentials = KubeconfigCredentials(kubeconfig, context)
        configuration = await credentials.load()
    try:
        connector = aiohttp.TCPConnector(limit=connections, ssl=_tls(configuration))
    except (OSError, ValueError) as error:
        raise ClusterError(f"The certificates for {_place(configuration.host)} cannot be used: {error}") from error
    http = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), read_bufsize=_READ_BUFFER)
    return Session(http, _place(configuration.host), credentials, _transport(configuration))


def _payload(body: bytes) -> bytes | BytesIO | None:
    """A body as aiohttp likes it: of more than a MiB of plain bytes it warns."""
    return BytesIO(body) if len(body) > 2**20 else body or None


def _in_cluster() -> tuple[Any, Credentials]:
    configuration = _blank()
    try:
        load_incluster_config(client_configuration=configuration)
    except _SPOKEN as error:
        raise ClusterError(f"The service account of this pod cannot be used: {error}") from error
    return configuration, InClusterCredentials(configuration)


class InClusterCredentials:
    """The service account's token, which the kubelet renews in its file."""

    def __init__(self, configuration: Any) -> None:
        self._configuration = configuration

    async def authorization(self) -> str:
        """The newest readable token: kubernetes-asyncio reads the file again each minute, here only when asked."""
        try:
            token = await self._configuration.get_api_key_with_prefix("BearerToken")
        except _SPOKEN as error:
            _log.warning("the service account's token cannot be read again: %s", error)
            token = self._configuration.api_key["BearerToken"]
        return str(token).strip()

    def refused(self) -> None:
        """The file is read again by itself."""


class KubeconfigCredentials:
    """A kubeconfig's user: certificate, token, token file or exec plugin, read again when it may have changed."""

    def __init__(self, path: str | None, context: str | None) -> None:
        self._path = path
        self._context = context
        self._token = ""
        self._loaded_at = 0.0
        self._reload_at = 0.0
        self._loading = asyncio.Lock()

    async def load(self) -> Any:
        """Read everything, and run the exec plugin if there is one.

        Raises:
            ClusterError: the file or its user cannot be used.
        """
        configuration = _blank()
        try:
            loader = await load_kube_config(
                self._path, self._context, client_configuration=configuration, persist_config=False
            )
        except _SPOKEN as error:
            raise ClusterError(f"{self._name()} cannot be used: {error}") from error
        except Exception as error:  # kubernetes-asyncio raises whatever it stumbles over
            raise ClusterError(f"{self._name()} is not a valid kubeconfig ({type(error).__name__})") from error
        self._token = str(configuration.api_key.get("BearerToken", "")).strip()
        self._loaded_at = time.monotonic()
        self._reload_at = self._loaded_at + min(_RELOAD, _lifetime(loader))
        return configuration

    async def authorization(self) -> str:
        """The token, renewed first when its time has come; the last one while that fails."""
        if time.monotonic() < self._reload_at:
            return self._token
        async with self._loading:
            if time.monotonic() >= self._reload_at:
                await self._reload()
        return self._token

    def refused(self) -> None:
        self._reload_at = min(self._reload_at, self._loaded_at + _RELOAD_AFTER_REFUSAL)

    def _name(self) -> str:
        return self._path or "The default kubeconfig"

    async def _reload(self) -> None:
        try:
            await self.load()
        except ClusterError as error:
            _log.warning("credentials cannot be renewed: %s", error)
            self._loaded_at = time.monotonic()
            self._reload_at = self._loaded_at + _RELOAD_AFTER_REFUSAL


def _lifetime(loader: Any) -> float:
    expiry = getattr(loader, "exec_plugin_expiry", None)
    return max(expiry.timestamp() - time.time() - _EXPIRY_MARGIN, _RELOAD_AFTER_REFUSAL) if expiry else _RELOAD


def _blank() -> Any:
    """A Configuration of our own: calling the class gives a copy of the process' default, which others may have set."""
    return type.__call__(Configuration)


def _tls(configuration: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # on from Python 3.13; clusters' own authorities often fail it
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, keyfile=configuration.key_file)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _transport(configuration: Any) -> dict[str, Any]:
    url = URL(configuration.host)
    proxy = configuration.proxy or _proxy_of_environment(url)
    options = {
        "server_hostname": configuration.tls_server_name,
        "proxy": proxy,
        "proxy_headers": configuration.proxy_headers,
    }
    return {name: value for name, value in options.items() if value}


def _proxy_of_environment(url: URL) -> str | None:
    """HTTPS_PROXY unless NO_PROXY; aiohttp's trust_env would also send passwords from ~/.netrc."""
    if urllib.request.proxy_bypass(url.host or ""):
        return None
    return urllib.request.getproxies().get(url.scheme)


def _place(host: str) -> str:
    """The server's URL without what might be a password in it."""
    return str(URL(host).with_user(None))
