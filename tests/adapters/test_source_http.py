"""Repositories behind HTTP and HTTPS, on good and bad days."""

import asyncio
import dataclasses
import os
import ssl
import time
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from devcluster.certificates import Authority
from devcluster.git_server import GitServer, Login
from gitops_operator.model.application import ApplicationKey, Source
from gitops_operator.source.credentials import Credential
from tests.adapters.source_following import APP, OTHER, QUICK, STILL, files_with, following, until
from tests.adapters.source_servers import answering, forwarding, stalling

LOGIN = Login(user="bob", password="correct-horse")


def source(server: GitServer, revision: str = "HEAD", *, name: str = "shop") -> Source:
    return Source(server.http_url(name), revision)


async def test_a_repository_without_login_is_read(server: GitServer, tmp_path: Path) -> None:
    repository = server.create("shop")
    sha = repository.commit({"apps/a.yaml": "kind: A"}, "first\n\nmore")
    async with following(tmp_path / "mirrors") as world:
        found = await world.resolved(source(server))
        assert found.revision == (sha, "HEAD")
        assert found.tree.read("apps/a.yaml") == b"kind: A"
        assert (found.note.subject, found.note.author) == ("first", "Dev Cluster")
        assert abs(found.committed_at - time.time()) < 60


async def test_the_right_password_opens_and_is_nowhere_on_disk(served: Path, tmp_path: Path) -> None:
    with GitServer(served, login=LOGIN) as server:
        sha = server.create("shop").commit({"a": "1"})
        credential = Credential(url=server.http_url("shop"), username="bob", password="correct-horse")
        async with following(tmp_path / "mirrors") as world:
            assert (await world.resolved(source(server), credential)).revision.sha == sha
    assert not files_with(tmp_path / "mirrors", "correct-horse")


async def test_a_password_in_the_url_is_used_and_never_shown(served: Path, tmp_path: Path) -> None:
    with GitServer(served, login=LOGIN) as server:
        server.create("shop").commit({"a": "1"})
        with_login = server.http_url("shop").replace("://", "://bob:correct-horse@")
        async with following(tmp_path / "mirrors") as world:
            found = await world.resolved(Source(with_login))
            assert found.tree.repository == server.http_url("shop")
            error = await world.error(Source(with_login.replace("horse", "donkey")))
            assert error.reason == "AuthenticationFailed"
            assert "donkey" not in error.message


@pytest.mark.parametrize(
    "credential",
    [
        None,
        Credential(url="", username="bob", password="wrong-secret"),
        Credential(url="", bearer_token="wrong-secret"),
    ],
)
async def test_a_wrong_or_missing_login_is_said_so(served: Path, tmp_path: Path, credential: Credential | None) -> None:
    with GitServer(served, login=LOGIN) as server:
        server.create("shop").commit({"a": "1"})
        async with following(tmp_path / "mirrors") as world:
            error = await world.error(source(server), credential)
            assert error.reason == "AuthenticationFailed"
            assert not error.transient
            assert server.http_url("shop") in error.message
            assert "wrong-secret" not in error.message + repr(credential)


async def test_a_bearer_token_opens(served: Path, tmp_path: Path) -> None:
    with GitServer(served, login=Login(token="t0ken")) as server:
        sha = server.create("shop").commit({"a": "1"})
        async with following(tmp_path / "mirrors") as world:
            found = await world.resolved(source(server), Credential(url="", bearer_token="t0ken"))
            assert found.revision.sha == sha


async def test_tls_is_trusted_only_with_the_ca_of_the_credential(served: Path, tmp_path: Path) -> None:
    with GitServer(served, tls=True) as server:
        sha = server.create("shop").commit({"a": "1"})
        trusting = Credential(url="", ca=server.ca_file.read_text())
        async with following(tmp_path / "mirrors") as world:
            assert (await world.resolved(source(server), trusting)).revision.sha == sha
            error = await world.error(source(server), None, key=OTHER)
            assert error.reason == "CertificateInvalid", error.message


async def test_https_to_a_server_without_tls_is_no_matter_of_certificates(server: GitServer, tmp_path: Path) -> None:
    async with following(tmp_path / "mirrors") as world:
        error = await world.error(Source(server.http_url("shop").replace("http:", "https:")))
        assert (error.reason, error.transient) == ("RepositoryUnreachable", True)
        assert "wrong version number" in error.message


async def test_insecure_is_for_the_credential_that_says_so(served: Path, tmp_path: Path) -> None:
    with GitServer(served, tls=True) as server:
        sha = server.create("shop").commit({"a": "1"})
        async with following(tmp_path / "mirrors") as world:
            found = await world.resolved(source(server), Credential(url="", insecure=True))
            assert found.revision.sha == sha
            assert (await world.error(source(server), None, key=OTHER)).reason == "CertificateInvalid"


async def test_a_ca_that_is_no_certificate_is_an_invalid_credential(served: Path, tmp_path: Path) -> None:
    with GitServer(served, tls=True) as server:
        async with following(tmp_path / "mirrors") as world:
            error = await world.error(source(server), Credential(url="", ca="-----BEGIN CERTIFICATE-----\nno\n"))
            assert error.reason == "InvalidCredential"


@pytest.mark.parametrize(
    "status, reason, transient",
    [
        (403, "AuthenticationFailed", False),
        (404, "RepositoryNotFound", False),
        (500, "RepositoryUnreachable", True),
        (429, "RepositoryUnreachable", True),
    ],
)
async def test_a_refusal_has_the_reason_of_its_status(
    server: GitServer, tmp_path: Path, status: int, reason: str, *, transient: bool
) -> None:
    server.create("shop").commit({"a": "1"})
    server.refuse(status)
    async with following(tmp_path / "mirrors") as world:
        error = await world.error(source(server))
        assert (error.reason, error.transient) == (reason, transient)


async def test_a_missing_repository_is_not_found(server: GitServer, tmp_path: Path) -> None:
    async with following(tmp_path / "mirrors") as world:
        assert (await world.error(source(server, name="nowhere"))).reason == "RepositoryNotFound"


async def test_nobody_listening_is_unreachable(tmp_path: Path) -> None:
    async with following(tmp_path / "mirrors") as world:
        error = await world.error(Source("http://127.0.0.1:1/shop.git"))
        assert (error.reason, error.transient) == ("RepositoryUnreachable", True)
        assert error.message.endswith("no connection to 127.0.0.1:1 (Connection refused)")


async def test_a_hanging_server_is_a_timeout_and_holds_nobody_else(
    server: GitServer, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for number in range(8):
        server.create(f"shop{number}").commit({"a": "1"})
    server.hang()
    other_folder = tmp_path_factory.mktemp("other")
    with GitServer(other_folder) as other:
        sha = other.create("fine").commit({"a": "1"})
        fine = Source(other.http_url("fine").replace("127.0.0.1", "localhost"))
        async with following(tmp_path / "mirrors", dataclasses.replace(STILL, timeout=2.0)) as world:
            for number in range(8):
                key = ApplicationKey("default", f"hung{number}")
                assert world.resolve(Source(server.http_url(f"shop{number}")), key=key) is None
            found = await world.resolved(fine)
            assert found.revision.sha == sha
            assert world.ledger.requests["list", "Timeout"] == 0
            error = await world.error(Source(server.http_url("shop0")), key=ApplicationKey("default", "hung0"))
            assert (error.reason, error.transient) == ("Timeout", True)


async def test_a_host_is_asked_by_few_at_a_time(server: GitServer, tmp_path: Path) -> None:
    server.hang()
    limits = dataclasses.replace(STILL, timeout=30.0, per_host=3)
    async with following(tmp_path / "mirrors", limits) as world:
        for number in range(8):
            source = Source(server.http_url(f"shop{number}"))
            assert world.resolve(source, key=ApplicationKey("default", f"app{number}")) is None
        await until(lambda: server.count() >= 3)
        await asyncio.sleep(0.3)
        assert server.count() == 3


async def test_a_server_that_drips_meets_the_deadline(server: GitServer, tmp_path: Path) -> None:
    server.create("shop").commit({"a": "1"})
    server.slow(0.6)
    async with following(tmp_path / "mirrors", dataclasses.replace(STILL, deadline=1.0)) as world:
        error = await world.error(source(server))
        assert error.reason == "Timeout"
        assert "1 seconds" in error.message


async def test_a_pack_that_is_cut_off_is_no_mirror(server: GitServer, tmp_path: Path) -> None:
    repository = server.create("shop")
    repository.commit({f"file{number}": str(number) * 5000 for number in range(50)})
    server.cut(2000)
    async with following(tmp_path / "mirrors", QUICK) as world:
        error = await world.error(source(server))
        assert error.reason == "RepositoryUnreachable"
        server.recover()
        assert (await world.recovered(source(server))).revision.sha == repository.sha()
    assert not list((tmp_path / "mirrors" / "incoming").iterdir())


async def test_ending_leaves_no_thread_with_a_hanging_server(server: GitServer, tmp_path: Path) -> None:
    server.create("shop").commit({"a": "1"})
    server.hang()
    async with following(tmp_path / "mirrors", dataclasses.replace(STILL, timeout=30.0)) as world:
        assert world.resolve(source(server)) is None
        await asyncio.sleep(0.2)
        started = time.monotonic()
    assert time.monotonic() - started < 1


async def test_redirects_to_another_host_do_not_see_the_credential(tmp_path: Path) -> None:
    seen: list[str] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        seen.append(request.headers.get("Authorization", ""))
        if request.host.startswith("127.0.0.1"):
            location = f"http://localhost:{port}{request.path_qs}"
            return web.Response(status=301, headers={"Location": location})
        return web.Response(status=401)

    async with answering(answer) as port, following(tmp_path / "mirrors") as world:
        credential = Credential(url="", username="bob", password="correct-horse")
        error = await world.error(Source(f"http://127.0.0.1:{port}/shop.git"), credential)
        assert error.reason == "AuthenticationFailed"
        assert seen[0].startswith("Basic ")
        assert seen[1:] == [""]


async def test_one_poll_serves_many_applications_of_a_repository(server: GitServer, tmp_path: Path) -> None:
    server.create("shop").commit({"a": "1"})
    keys = [ApplicationKey("default", f"app{number}") for number in range(20)]
    async with following(tmp_path / "mirrors") as world:
        await asyncio.gather(*(world.resolved(source(server), key=key) for key in keys))
        server.reset_counts()
        await world.refreshed(keys[0])
        assert server.counts() == {("ls-refs", "shop.git"): 1}
        assert APP not in world.wakes


@pytest.mark.parametrize("after", [10, 700, 20_000])
async def test_an_answer_that_stops_in_the_middle_is_a_timeout(server: GitServer, tmp_path: Path, after: int) -> None:
    server.create("shop").commit({"large": os.urandom(100_000).hex()})
    async with stalling(server.http_url("shop"), after) as url, following(tmp_path / "mirrors") as world:
        started = time.monotonic()
        error = await world.error(Source(url))
        assert (error.reason, error.transient) == ("Timeout", True), error.message
        assert time.monotonic() - started < 2.5
        assert not list((tmp_path / "mirrors" / "mirrors").iterdir())


async def test_a_server_of_the_old_protocol_is_read(server: GitServer, tmp_path: Path) -> None:
    repository = server.create("shop")
    repository.commit({"a": "1"})
    sha = repository.tag("v1", annotated=True)
    async with AsyncExitStack() as stack:
        forward = await stack.enter_async_context(forwarding(server.http_url("shop")))
        port = await stack.enter_async_context(answering(forward))
        world = await stack.enter_async_context(following(tmp_path / "mirrors"))
        url = f"http://127.0.0.1:{port}/shop.git"
        assert (await world.resolved(Source(url, "v1"))).revision.sha == sha
        later = repository.commit({"a": "2"})
        found = await world.resolved(Source(url), key=OTHER)
        assert (found.revision.sha, found.tree.read("a")) == (later, b"2")
    assert server.count("shop", "ls-refs") == 0


async def test_a_web_page_is_no_repository(tmp_path: Path) -> None:
    async def page(request: web.BaseRequest) -> web.Response:
        return web.Response(text="<html>Sign in</html>", content_type="text/html")

    async with answering(page) as port, following(tmp_path / "mirrors") as world:
        error = await world.error(Source(f"http://127.0.0.1:{port}/shop"))
        assert (error.reason, error.transient) == ("RepositoryNotFound", False)
        assert "smart HTTP" in error.message


async def test_a_repository_that_moved_is_followed_and_looked_for_at_home_when_it_comes_back(
    server: GitServer, tmp_path: Path
) -> None:
    old, new = server.create("old"), server.create("new")
    sha, moved = old.commit({"a": "old"}), new.commit({"a": "new"})
    target = "/new.git"
    async with forwarding(server.http_url("old")) as forward:

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            if request.path.startswith("/old.git") and target:
                return web.Response(status=301, headers={"Location": request.path_qs.replace("/old.git", target)})
            return await forward(request)

        async with answering(answer) as port, following(tmp_path / "mirrors") as world:
            source = Source(f"http://127.0.0.1:{port}/old.git")
            assert (await world.resolved(source)).revision.sha == moved
            target = ""
            new.path.rename(new.path.with_name("gone"))
            await world.refreshed()
            await world.refreshed()
            assert (await world.recovered(source)).revision.sha == sha


async def test_redirects_without_end_are_an_error(tmp_path: Path) -> None:
    async def again(request: web.BaseRequest) -> web.Response:
        return web.Response(status=302, headers={"Location": request.path_qs})

    async with answering(again) as port, following(tmp_path / "mirrors") as world:
        error = await world.error(Source(f"http://127.0.0.1:{port}/shop.git"))
        assert error.reason == "RepositoryNotFound"
        assert "again and again" in error.message


async def test_a_redirect_to_something_else_than_a_repository_is_not_followed(tmp_path: Path) -> None:
    async def login(request: web.BaseRequest) -> web.Response:
        return web.Response(status=302, headers={"Location": "/users/sign_in"})

    async with answering(login) as port, following(tmp_path / "mirrors") as world:
        error = await world.error(Source(f"http://127.0.0.1:{port}/shop.git"))
        assert error.reason == "RepositoryNotFound"


async def test_a_client_certificate_is_shown(server: GitServer, tmp_path: Path) -> None:
    sha = server.create("shop").commit({"a": "1"})
    authority = Authority(tmp_path, "company")
    mine, theirs = authority.client("operator"), authority.server("git", ["127.0.0.1"])
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.identity.certificate))
    tls.load_cert_chain(theirs.certificate, theirs.key)
    tls.verify_mode = ssl.CERT_REQUIRED
    credential = Credential(
        url="",
        ca=authority.identity.certificate.read_text(),
        tls_client_cert=mine.certificate.read_text(),
        tls_client_key=mine.key.read_text(),
    )
    async with AsyncExitStack() as stack:
        forward = await stack.enter_async_context(forwarding(server.http_url("shop")))
        port = await stack.enter_async_context(answering(forward, tls))
        world = await stack.enter_async_context(following(tmp_path / "mirrors"))
        source = Source(f"https://127.0.0.1:{port}/shop.git")
        assert (await world.resolved(source, credential)).revision.sha == sha
        without = dataclasses.replace(credential, tls_client_cert="", tls_client_key="")
        error = await world.error(source, without, key=OTHER)
        assert error.reason in {"CertificateInvalid", "RepositoryUnreachable"}, error.message


async def test_redirects_to_another_host_do_not_see_the_client_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "company")
    mine, theirs = authority.client("operator"), authority.server("git", ["127.0.0.1", "localhost"])
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.identity.certificate))
    tls.load_cert_chain(theirs.certificate, theirs.key)
    tls.verify_mode = ssl.CERT_OPTIONAL
    shown = []

    async def answer(request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        shown.append((request.url.host, bool(request.transport.get_extra_info("peercert"))))
        if request.url.host == "127.0.0.1":
            return web.Response(status=301, headers={"Location": f"https://localhost:{port}{request.path_qs}"})
        return web.Response(status=404)

    credential = Credential(
        url="",
        ca=authority.identity.certificate.read_text(),
        tls_client_cert=mine.certificate.read_text(),
        tls_client_key=mine.key.read_text(),
    )
    async with answering(answer, tls) as port, following(tmp_path / "mirrors") as world:
        error = await world.error(Source(f"https://127.0.0.1:{port}/shop.git"), credential)
        assert error.reason == "RepositoryNotFound", error.message
        assert shown == [("127.0.0.1", True), ("localhost", False)]


async def test_no_proxy_names_hosts_that_are_asked_directly(server: GitServer, tmp_path: Path) -> None:
    sha = server.create("shop").commit({"a": "1"})
    credential = Credential(url="", proxy="http://127.0.0.1:1", no_proxy="127.0.0.0/8")
    async with following(tmp_path / "mirrors") as world:
        assert (await world.resolved(source(server), credential)).revision.sha == sha
        through = dataclasses.replace(credential, no_proxy="10.0.0.0/8")
        assert (await world.error(source(server), through, key=OTHER)).reason == "RepositoryUnreachable"


@pytest.mark.parametrize(
    "status, reason, words",
    [
        (407, "AuthenticationFailed", "the proxy refuses its login, or wants one"),
        (503, "RepositoryUnreachable", "the proxy answers 503"),
    ],
)
async def test_a_proxy_that_refuses_is_told_apart_from_the_server(
    tmp_path: Path, status: int, reason: str, words: str
) -> None:
    async def proxy(request: web.BaseRequest) -> web.Response:
        return web.Response(status=status)

    async with answering(proxy) as port, following(tmp_path / "mirrors") as world:
        credential = Credential(url="", proxy=f"http://bob:correct-horse@127.0.0.1:{port}")
        error = await world.error(Source("https://git.example.com/shop.git"), credential)
        assert (error.reason, words in error.message) == (reason, True), error.message
        assert "horse" not in error.message


async def test_a_proxy_is_used_with_its_login_and_never_shown(server: GitServer, tmp_path: Path) -> None:
    sha = server.create("shop").commit({"a": "1"})
    logins = []
    async with forwarding(server.http_url("shop")) as forward:

        async def proxy(request: web.BaseRequest) -> web.StreamResponse:
            logins.append(request.headers.get("Proxy-Authorization", ""))
            return await forward(request)

        async with answering(proxy) as port, following(tmp_path / "mirrors") as world:
            source = Source("http://git.example.com/shop.git")
            through = Credential(url="", proxy=f"http://bob:correct-horse@127.0.0.1:{port}")
            assert (await world.resolved(source, through)).revision.sha == sha
            assert {login.split()[0] for login in logins} == {"Basic"}
            nowhere = Credential(url="", proxy="http://bob:correct-horse@127.0.0.1:1")
            error = await world.error(source, nowhere, key=OTHER)
            assert error.reason == "RepositoryUnreachable"
            assert "horse" not in error.message


async def test_the_way_to_a_server_is_open_to_nobody_else_in_the_pod(server: GitServer, tmp_path: Path) -> None:
    server.create("shop").commit({"a": "1"})
    async with following(tmp_path / "mirrors") as world, aiohttp.ClientSession() as stranger:
        await world.resolved(source(server))
        port = await world.repositories._environment.bridge._port()
        for token in ("", "shop.git", "x" * 43):
            address = f"http://127.0.0.1:{port}/{token}/info/refs?service=git-upload-pack"
            async with stranger.get(address) as answer:
                assert answer.status == 404
