"""Tokens of GitHub Apps: asked for with the App's key, one for an installation that is named, renewed in time."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from gitops_operator.errors import SourceError
from gitops_operator.source.credentials import Credential
from gitops_operator.source.failures import Reason, failure
from gitops_operator.source.proxies import proxy_for
from gitops_operator.source.sessions import Sessions, network
from gitops_operator.source.urls import RepositoryURL

_API = "https://api.github.com"
_EARLY = 300.0  # seconds before its end that a token is renewed: a fetch takes a while
_LARGEST = 64 << 10
_OF = "/installation"
_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}


class _Token(NamedTuple):
    text: str
    ends: float


class AppTokens:
    """`now` is in seconds since 1970."""

    def __init__(self, sessions: Sessions, now: Callable[[], float]) -> None:
        self._sessions = sessions
        self._now = now
        self._known: dict[tuple[str, str], _Token] = {}
        self._turns: dict[tuple[str, str], asyncio.Lock] = {}

    async def token(self, credential: Credential, url: RepositoryURL) -> str:
        """A token that opens the repositories of an installation.

        Raises:
            SourceError: GitHub cannot be reached, or gives none.
        """
        place = _place(credential, url)
        async with self._turns.setdefault(place, asyncio.Lock()):
            known = self._known.get(place)
            if known is not None and self._now() < known.ends - _EARLY:
                return known.text
            try:
                fresh = await self._ask(credential, url)
            except SourceError:
                if known is not None and self._now() < known.ends:
                    return known.text  # the old one still opens; the next look asks again
                raise
            self._known[place] = fresh
            return fresh.text

    def forget(self, credential: Credential, url: RepositoryURL) -> None:
        """The token is no longer taken: the next one is asked for anew."""
        self._known.pop(_place(credential, url), None)

    async def _ask(self, credential: Credential, url: RepositoryURL) -> _Token:
        installation = credential.github_app_installation_id
        if not installation:
            found = await self._call(credential, "GET", f"repos/{_repository(url)}{_OF}")
            installation = str(found.get("id", ""))
        answer = await self._call(credential, "POST", f"app/installations/{installation}/access_tokens")
        try:
            return _Token(str(answer["token"]), datetime.fromisoformat(str(answer["expires_at"])).timestamp())
        except (KeyError, ValueError):
            raise _problem(credential, "the answer to the request for a token holds none") from None

    async def _call(self, credential: Credential, method: str, path: str) -> dict[str, Any]:
        base = (credential.github_app_base_url or _API).rstrip("/")
        address, token = f"{base}/{path}", _signed(credential, self._now())
        headers = _HEADERS | {"Authorization": f"Bearer {token}"}
        with network(base):
            session, proxy = self._sessions.get(credential), proxy_for(credential, address)
            async with session.request(method, address, headers=headers, proxy=proxy, allow_redirects=False) as answer:
                if answer.status not in {200, 201}:
                    raise _refusal(credential, path, answer.status)
                body = await answer.content.read(_LARGEST)
        try:
            value = json.loads(body)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise _problem(credential, f"{base} does not answer as GitHub's API: is githubAppEnterpriseBaseUrl right?")
        return value


def _place(credential: Credential, url: RepositoryURL) -> tuple[str, str]:
    return credential.fingerprint, "" if credential.github_app_installation_id else _repository(url)


def _repository(url: RepositoryURL) -> str:
    return "/".join(url.identity[3][:2])


def _signed(credential: Credential, now: float) -> str:
    """The JSON Web Token by which an App says who it is: for ten minutes at most, from a little ago for slow clocks."""
    # Few installations have a GitHub App, and the library is large.
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - see above

    try:
        key = load_pem_private_key(credential.github_app_private_key.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise _problem(credential, "githubAppPrivateKey is no private RSA key", Reason.INVALID_CREDENTIAL)
    claims = {"iat": int(now) - 60, "exp": int(now) + 480, "iss": credential.github_app_id}
    parts = [_encoded(json.dumps(part).encode()) for part in ({"alg": "RS256", "typ": "JWT"}, claims)]
    signature = key.sign(".".join(parts).encode(), PKCS1v15(), SHA256())
    return ".".join([*parts, _encoded(signature)])


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _refusal(credential: Credential, path: str, status: int) -> SourceError:
    if status == 401:
        words = "GitHub does not take its key: do githubAppID and githubAppPrivateKey belong together?"
        return _problem(credential, words)
    if status == 404 and credential.github_app_installation_id:
        return _problem(credential, f"it has no installation {credential.github_app_installation_id}")
    if status == 404:
        return _problem(credential, f"it is not installed for {path.removeprefix('repos/').removesuffix(_OF)}")
    if status == 403:
        return _problem(credential, "GitHub gives it no token: its installation is suspended, or it asks too often")
    message = f"GitHub App {credential.github_app_id}: GitHub answers {status} to the request for a token"
    return failure(Reason.REPOSITORY_UNREACHABLE, message)


def _problem(credential: Credential, words: str, reason: Reason = Reason.AUTHENTICATION_FAILED) -> SourceError:
    where = f" (Secret {credential.namespace}/{credential.name})" if credential.name else ""
    return failure(reason, f"GitHub App {credential.github_app_id}{where}: {words}")
