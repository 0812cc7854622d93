"""Who we are to a server, and for how long."""

import json
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from gitops_operator.cluster import session as sessions
from gitops_operator.cluster.client import Client
from gitops_operator.cluster.session import connect
from gitops_operator.errors import ClusterError
from tests.adapters.cluster_api import CONFIG_MAP, FakeApi, serving, session_with, status


def api() -> FakeApi:
    fake = FakeApi()
    fake.put(CONFIG_MAP, "a")
    return fake


async def test_a_token_file_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = tmp_path / "token"
    token.write_text("first\n")
    fake = api()
    async with serving(fake) as address:
        session = await session_with(address, tmp_path, {"tokenFile": str(token)})
        client = Client(session, "it")
        await client.get(CONFIG_MAP, "default", "a")
        assert fake.headers["Authorization"] == "Bearer first"
        token.write_text("second\n")
        await client.get(CONFIG_MAP, "default", "a")
        assert fake.headers["Authorization"] == "Bearer first"
        _time_passes(monkeypatch, 301)
        await client.get(CONFIG_MAP, "default", "a")
        assert fake.headers["Authorization"] == "Bearer second"
        await session.close()


async def test_a_refused_token_is_renewed_soon_but_not_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = tmp_path / "runs"
    plugin = _plugin(tmp_path, runs)
    fake = api()
    fake.refusals["get", "configmaps"] = status(401, "Unauthorized", "Unauthorized")
    async with serving(fake) as address:
        user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin)}}
        session = await session_with(address, tmp_path, user)
        client = Client(session, "it")
        for _ in range(5):
            with pytest.raises(ClusterError, match="Unauthorized"):
                await client.get(CONFIG_MAP, "default", "a")
        assert runs.read_text() == "x"
        assert fake.headers["Authorization"] == "Bearer token-x"
        _time_passes(monkeypatch, 6)
        with pytest.raises(ClusterError):
            await client.get(CONFIG_MAP, "default", "a")
        assert runs.read_text() == "xx"
        assert fake.headers["Authorization"] == "Bearer token-xx"
        await session.close()


async def test_credentials_that_cannot_be_renewed_are_used_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fake = api()
    async with serving(fake) as address:
        session = await session_with(address, tmp_path, {"token": "t"})
        (tmp_path / "kubeconfig").write_text("{")
        _time_passes(monkeypatch, 301)
        await Client(session, "it").get(CONFIG_MAP, "default", "a")
        assert fake.headers["Authorization"] == "Bearer t"
        await session.close()
    assert "cannot be renewed" in caplog.text


async def test_in_a_pod_the_service_account_is_used_and_its_token_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = sessions._blank()
    configuration.host = "https://10.0.0.1:443"
    loaded: list[str] = []

    def load(client_configuration: Any) -> None:
        client_configuration.host = configuration.host
        client_configuration.api_key["BearerToken"] = "Bearer one\n"

        def hook(it: Any) -> None:
            loaded.append("asked")
            it.api_key["BearerToken"] = "Bearer two\n"

        client_configuration.refresh_api_key_hook = hook

    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setattr(sessions, "load_incluster_config", load)
    session = await connect()
    assert session.server == "https://10.0.0.1"
    assert await session._credentials.authorization() == "Bearer two"
    assert loaded == ["asked"]
    await session.close()


@pytest.mark.parametrize("content", [None, "", "{", "a: b", '{"current-context": "x", "contexts": []}'])
async def test_a_kubeconfig_that_cannot_be_used_is_named(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "config"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ClusterError, match=str(path)):
        await connect(str(path))


async def test_a_proxy_is_used_by_us_and_by_who_borrows_our_session(tmp_path: Path) -> None:
    fake = api()
    async with serving(fake) as address:
        session = await session_with("api.nowhere.example", tmp_path, cluster={"proxy-url": f"http://{address}"})
        assert (await Client(session, "it").get(CONFIG_MAP, "default", "a")).status == 200
        lent = session.lend()
        async with lent, lent.get("http://api.nowhere.example/api/v1/namespaces/default/configmaps/a") as answer:
            assert answer.status == 200


async def test_a_session_that_was_lent_is_closed_by_who_borrowed_it(tmp_path: Path) -> None:
    fake = api()
    async with serving(fake) as address:
        session = await session_with(address, tmp_path, {"token": "t"})
        lent = session.lend()
        await session.close()
        async with lent, lent.get(f"http://{address}/api/v1/namespaces/default/configmaps/a") as answer:
            assert answer.status == 200
    assert fake.headers["Authorization"] == "Bearer t"
    assert fake.headers["User-Agent"] == "gitops-operator"


async def test_a_password_in_the_address_is_not_shown(tmp_path: Path) -> None:
    session = await session_with("user:secret@127.0.0.1:1", tmp_path)
    with pytest.raises(ClusterError) as caught:
        await Client(session, "it").get(CONFIG_MAP, "default", "a")
    assert "secret" not in caught.value.message
    await session.close()


def _plugin(folder: Path, runs: Path) -> Path:
    path = folder / "plugin"
    said = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "token-N"}}
    path.write_text(f"#!/bin/sh\nprintf x >> {runs}\necho '{json.dumps(said)}' | sed \"s/N/$(cat {runs})/\"\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def _time_passes(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(sessions, "time", _Later(seconds))


class _Later:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic() + self._seconds
