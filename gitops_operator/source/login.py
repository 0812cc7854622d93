"""What opens a repository over HTTP, and what it means when the server refuses it."""

from __future__ import annotations

import binascii
import json
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable
from datetime import UTC, datetime

import aiohttp

from gitops_operator.errors import SourceError
from gitops_operator.source.credentials import Credential
from gitops_operator.source.failures import Reason, failure
from gitops_operator.source.github_app import AppTokens
from gitops_operator.source.urls import RepositoryURL


class Login:
    """Of one repository; `has_worked` says that the server took it once."""

    def __init__(
        self, url: RepositoryURL, credential: Credential | None, apps: AppTokens, now: Callable[[], float]
    ) -> None:
        self.has_worked = False
        self._url = url
        self._credential = credential or Credential(url="")
        self._apps = apps
        self._now = now

    async def headers(self) -> dict[str, str]:
        """Empty where there is no login.

        Raises:
            SourceError: GitHub gives no token.
        """
        one = self._credential
        if one.github_app_id:
            return _basic("x-access-token", await self._apps.token(one, self._url))
        if one.bearer_token:
            return {"Authorization": f"Bearer {one.bearer_token}"}
        user, password = self._user
        return _basic(user or "git", password) if user or password else {}

    def refused(self, answer: aiohttp.ClientResponse, *, is_foreign: bool) -> SourceError:
        """Why a server refuses it, as far as that can be told; to a foreign server it was not shown."""
        shown, status = self._url.shown, f"{answer.status} {answer.reason}"
        if answer.status == 401 and (is_foreign or not self._is_there):
            return failure(
                Reason.AUTHENTICATION_FAILED,
                f"{shown} asks for a login and no credential is configured for it (some hosts also answer so "
                "when there is no such repository)",
            )
        expired = self._why_expired(answer)
        if expired:
            return failure(Reason.CREDENTIAL_EXPIRED, f"{shown} refuses the credential: {expired}")
        if self._credential.github_app_id and not is_foreign:
            self._apps.forget(self._credential, self._url)  # it may have been withdrawn
            return failure(Reason.AUTHENTICATION_FAILED, f"{shown} refuses the token of {self._app}: {status}")
        before = ", though it was taken before: it has expired, or was withdrawn" if self.has_worked else ""
        return failure(Reason.AUTHENTICATION_FAILED, f"{shown} refuses the credential: {status}{before}")

    @property
    def _app(self) -> str:
        rights = "is it installed for this repository, with the right to read contents?"
        return f"GitHub App {self._credential.github_app_id} ({rights})"

    @property
    def _user(self) -> tuple[str, str]:
        one = self._credential
        if one.username or one.password:
            return one.username, one.password
        return self._url.user, self._url.password

    @property
    def _is_there(self) -> bool:
        return bool(self._credential.github_app_id or self._credential.bearer_token or any(self._user))

    def _why_expired(self, answer: aiohttp.ClientResponse) -> str:
        """What is certain: the token itself says so, or the server does."""
        if answer.status != 401:
            return ""
        ends = _end_of(self._credential.bearer_token or self._user[1])
        if ends is not None and ends <= self._now():
            return f"the token expired at {datetime.fromtimestamp(ends, UTC):%Y-%m-%d %H:%M:%S} UTC"
        said = " ".join(answer.headers.getall("WWW-Authenticate", ())).lower()
        return "the server says that the token has expired" if "expired" in said else ""


def _basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}


def _end_of(token: str) -> float | None:
    """When a token ends that is a JSON Web Token; of all others nobody but the server knows."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return float(claims["exp"])
    except (binascii.Error, ValueError, TypeError, KeyError):
        return None
