"""Logins that end: tokens that expire, and those of GitHub Apps against a stand-in of GitHub's API."""

import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from devcluster.git_server import GitServer, Login
from gitops_operator.model.application import Source
from gitops_operator.source.credentials import Credential
from tests.adapters.source_following import APP, OTHER, Following, files_with, following
from tests.adapters.source_servers import answering, forwarding

KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
EXPIRED = "refuses the credential: the token expired at 2026-01-02 03:04:05 UTC"


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def web_token(**claims: Any) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims)]
    return ".".join([*parts, "c2lnbmF0dXJl"])


@dataclass
class GitHub:
    """GitHub as far as an App sees it: its API, and repositories that open for the newest token only."""

    git: Any
    lifetime: float = 3600.0
    status: int = 201
    asked: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if not request.path.startswith("/api/v3/"):
            return await self._serve(request)
        assert self._knows(request.headers["Authorization"].removeprefix("Bearer "))
        self.asked.append(f"{request.method} {request.path.removeprefix('/api/v3')}")
        if self.status != 201:
            return web.json_response({"message": "no"}, status=self.status)
        if request.path.endswith("/installation"):
            return web.json_response({"id": 42})
        self.given.append(f"ghs_{len(self.given)}")
        ends = datetime.fromtimestamp(time.time() + self.lifetime, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return web.json_response({"token": self.given[-1], "expires_at": ends}, status=201)

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        right = "Basic " + base64.b64encode(f"x-access-token:{(self.given or ['none'])[-1]}".encode()).decode()
        if request.headers.get("Authorization") != right:
            return web.Response(status=401)
        answer: web.StreamResponse = await self.git(request)
        return answer

    @staticmethod
    def _knows(token: str) -> bool:
        """Whether an App's own token is signed by its key, says its id and is as short as GitHub wants it."""
        head, body, signature = token.split(".")
        try:
            KEY.public_key().verify(decoded(signature), f"{head}.{body}".encode(), PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        claims = json.loads(decoded(body))
        is_short = claims["exp"] - claims["iat"] <= 600 and claims["iat"] <= time.time() <= claims["exp"]
        return bool(json.loads(decoded(head)) == {"alg": "RS256", "typ": "JWT"} and claims["iss"] == "7" and is_short)


@asynccontextmanager
async def github(server: GitServer) -> AsyncIterator[tuple[GitHub, Credential]]:
    async with forwarding(server.http_url("team/shop")) as git:
        one = GitHub(git)
        async with answering(one.answer) as port:
            one.url = f"http://127.0.0.1:{port}"
            yield (
                one,
                Credential(
                    url=one.url,
                    kind="repo-creds",
                    github_app_id="7",
                    github_app_installation_id="42",
                    github_app_private_key=PEM,
                    github_app_base_url=f"{one.url}/api/v3",
                    namespace="gitops",
                    name="github",
                ),
            )


async def test_a_github_app_opens_its_repositories_with_one_token(server: GitServer, tmp_path: Path) -> None:
    sha, other = (server.create(name).commit({"a": name}) for name in ("shop", "other"))
    async with github(server) as (hub, credential), following(tmp_path / "mirrors") as world:
        assert (await world.resolved(Source(f"{hub.url}/shop.git"), credential)).revision.sha == sha
        assert (await world.resolved(Source(f"{hub.url}/other.git"), credential, key=OTHER)).revision.sha == other
        await world.refreshed()
        assert hub.asked == ["POST /app/installations/42/access_tokens"]
    assert not files_with(tmp_path / "mirrors", "ghs_")


async def test_the_installation_is_found_by_the_repository(server: GitServer, tmp_path: Path) -> None:
    server.create("shop").commit({"a": "1"})
    async with github(server) as (hub, credential), following(tmp_path / "mirrors") as world:
        await world.resolved(Source(f"{hub.url}/shop.git"), replace(credential, github_app_installation_id=""))
        assert hub.asked == ["GET /repos/shop/installation", "POST /app/installations/42/access_tokens"]


async def test_a_token_is_renewed_before_it_ends(server: GitServer, tmp_path: Path) -> None:
    server.create("shop").commit({"a": "1"})
    async with github(server) as (hub, credential), following(tmp_path / "mirrors") as world:
        hub.lifetime = 200.0  # less than the five minutes that a token must have left
        await world.resolved(Source(f"{hub.url}/shop.git"), credential)
        before = len(hub.given)
        await world.refreshed()
        assert len(hub.given) > before
        assert (await world.resolved(Source(f"{hub.url}/shop.git"), credential)).stale is None


async def test_a_token_that_still_opens_outlives_an_api_that_is_down(server: GitServer, tmp_path: Path) -> None:
    server.create("shop").commit({"a": "1"})
    async with github(server) as (hub, credential), following(tmp_path / "mirrors") as world:
        hub.lifetime = 200.0
        await world.resolved(Source(f"{hub.url}/shop.git"), credential)
        hub.status = 503
        await world.refreshed()
        assert (await world.resolved(Source(f"{hub.url}/shop.git"), credential)).stale is None


async def test_a_token_that_was_withdrawn_is_asked_for_anew(server: GitServer, tmp_path: Path) -> None:
    server.create("shop").commit({"a": "1"})
    async with github(server) as (hub, credential), following(tmp_path / "mirrors") as world:
        source = Source(f"{hub.url}/shop.git")
        await world.resolved(source, credential)
        hub.given.append("another")
        await world.refreshed()
        stale = (await world.resolved(source, credential)).stale
        assert stale is not None
        assert "refuses the token of GitHub App 7 (is it installed for this repository" in stale.message
        await world.refreshed()
        assert (await world.resolved(source, credential)).stale is None


@pytest.mark.parametrize(
    "status, installation, words",
    [
        (401, "42", "GitHub does not take its key: do githubAppID and githubAppPrivateKey"),
        (403, "42", "its installation is suspended"),
        (404, "42", "it has no installation 42"),
        (404, "", "it is not installed for shop"),
        (502, "42", "GitHub answers 502 to the request for a token"),
    ],
)
async def test_an_app_that_gets_no_token_is_said_why(
    server: GitServer, tmp_path: Path, status: int, installation: str, words: str
) -> None:
    async with github(server) as (hub, credential), following(tmp_path / "mirrors") as world:
        hub.status = status
        one = replace(credential, github_app_installation_id=installation)
        error = await world.error(Source(f"{hub.url}/shop.git"), one)
        assert error.reason == ("RepositoryUnreachable" if status == 502 else "AuthenticationFailed")
        assert error.message.startswith("GitHub App 7")
        assert words in error.message


async def test_an_api_that_is_none_is_said_so(server: GitServer, tmp_path: Path) -> None:
    async with github(server) as (hub, credential), following(tmp_path / "mirrors") as world:

        async def page(request: web.BaseRequest) -> web.Response:
            return web.Response(text="<html>welcome</html>", content_type="text/html")

        async with answering(page) as port:
            lost = replace(credential, github_app_base_url=f"http://127.0.0.1:{port}")
            error = await world.error(Source(f"{hub.url}/shop.git"), lost)
        assert "is githubAppEnterpriseBaseUrl right?" in error.message
        gone = replace(credential, github_app_base_url="http://127.0.0.1:1")
        error = await world.error(Source(f"{hub.url}/shop.git"), gone, key=OTHER)
        assert (error.reason, error.transient) == ("RepositoryUnreachable", True)
        assert error.message.startswith("http://127.0.0.1:1: no connection to 127.0.0.1:1")


@pytest.mark.parametrize(
    "key",
    [
        "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        .decode(),
    ],
)
async def test_a_key_that_is_none_is_an_invalid_credential(server: GitServer, tmp_path: Path, key: str) -> None:
    async with github(server) as (hub, credential), following(tmp_path / "mirrors") as world:
        error = await world.error(Source(f"{hub.url}/shop.git"), replace(credential, github_app_private_key=key))
        assert error.reason == "InvalidCredential"
        assert error.message == "GitHub App 7 (Secret gitops/github): githubAppPrivateKey is no private RSA key"


# --- tokens that say when they end, or whose servers do ---


async def refused(world: Following, credential: Credential, **headers: str) -> tuple[str, str]:
    async def answer(request: web.BaseRequest) -> web.Response:
        return web.Response(status=401, headers={name.replace("_", "-"): value for name, value in headers.items()})

    async with answering(answer) as port:
        error = await world.error(Source(f"http://127.0.0.1:{port}/shop.git"), credential, key=APP)
    return error.reason, error.message


OLD = web_token(exp=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp())


@pytest.mark.parametrize("credential", [Credential(url="", bearer_token=OLD), Credential(url="", password=OLD)])
async def test_a_token_that_says_when_it_ended_is_expired(tmp_path: Path, credential: Credential) -> None:
    async with following(tmp_path / "mirrors") as world:
        reason, message = await refused(world, credential)
    assert reason == "CredentialExpired"
    assert message.endswith(EXPIRED)


async def test_a_server_that_says_expired_is_believed(tmp_path: Path) -> None:
    said = 'Bearer error="invalid_token", error_description="Token is expired."'
    async with following(tmp_path / "mirrors") as world:
        reason, message = await refused(world, Credential(url="", bearer_token="t0ken"), WWW_Authenticate=said)
    assert reason == "CredentialExpired"
    assert message.endswith("the server says that the token has expired")


@pytest.mark.parametrize("token", ["t0ken", "a.b.c", web_token(exp="soon"), web_token(exp=4e9), web_token()])
async def test_any_other_token_that_is_refused_is_only_refused(tmp_path: Path, token: str) -> None:
    async with following(tmp_path / "mirrors") as world:
        reason, message = await refused(world, Credential(url="", bearer_token=token))
    assert (reason, "expired" in message) == ("AuthenticationFailed", False)
    assert token not in message


async def test_a_login_that_was_taken_before_has_expired_or_was_withdrawn(tmp_path: Path) -> None:
    folder = tmp_path / "served"
    folder.mkdir()
    with GitServer(folder, login=Login(token="t0ken")) as server:
        server.create("shop").commit({"a": "1"})
        source, credential = Source(server.http_url("shop")), Credential(url="", bearer_token="t0ken")
        async with following(tmp_path / "mirrors") as world:
            await world.resolved(source, credential)
            server.refuse(401)
            await world.refreshed()
            stale = (await world.resolved(source, credential)).stale
            assert stale is not None
            assert "though it was taken before: it has expired, or was withdrawn" in stale.message
