"""Kopf against a real API server, with a service account's token, through restarts and rotations."""

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from devcluster.cluster import DevCluster
from gitops_operator.cluster.configuration import incluster_config
from gitops_operator.cluster.session import connect
from gitops_operator.handlers import KopfThread, Pauses
from gitops_operator.model.application import ApplicationKey
from tests.adapters.cluster_sink import until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(180)]

CRDS = Path(__file__).parents[2] / "crds"


@pytest.fixture(scope="module")
def cluster() -> Iterator[DevCluster]:
    """A cluster of our own: our CRD is installed in it, and its API server is stopped."""
    with DevCluster("kopf") as running:
        _install(running)
        _may_watch(running, "kopf")
        yield running


@asynccontextmanager
async def kopf(cluster: DevCluster, kubeconfig: Path) -> AsyncIterator[list[ApplicationKey]]:
    woken: list[ApplicationKey] = []
    thread = KopfThread(
        woken.append, lambda: connect(str(kubeconfig)), on_restart=lambda: None, pauses=Pauses(first=0.2, look=1.0)
    )
    thread.start()
    try:
        yield woken
    finally:
        await asyncio.to_thread(thread.stop)
        assert not thread.is_alive()


async def test_a_service_account_that_may_only_watch_is_enough(cluster: DevCluster) -> None:
    async with kopf(cluster, cluster.kubeconfig_for("kopf")) as woken:
        await _apply(cluster, "a")
        await until(lambda: bool(woken), 10)
        await _kubectl(cluster, "annotate", "gapp/a", "x=y")
        await until(lambda: len(woken) >= 2)
        await _kubectl(cluster, "delete", "gapp/a")
        await until(lambda: len(woken) >= 3)
        assert set(woken) == {ApplicationKey("default", "a")}


async def test_an_application_stays_as_it_was_made(cluster: DevCluster) -> None:
    async with kopf(cluster, cluster.kubeconfig) as woken:  # as an administrator it could write
        await _apply(cluster, "b")
        await until(lambda: bool(woken), 10)
        await asyncio.sleep(1)
        metadata = json.loads(await _kubectl(cluster, "get", "gapp/b", "-o", "json"))["metadata"]
        assert "finalizers" not in metadata
        assert metadata["generation"] == 1
        assert metadata["annotations"].keys() == {"kubectl.kubernetes.io/last-applied-configuration"}
        await _kubectl(cluster, "delete", "gapp/b")


async def test_after_a_restart_of_the_api_server_events_come_again(cluster: DevCluster) -> None:
    async with kopf(cluster, cluster.kubeconfig_for("kopf")) as woken:
        await _apply(cluster, "c")
        await until(lambda: bool(woken), 10)
        await asyncio.to_thread(cluster.stop_apiserver)
        await asyncio.sleep(1)
        await asyncio.to_thread(cluster.start_apiserver)
        await _apply(cluster, "d")
        await until(lambda: ApplicationKey("default", "d") in woken, 60)
        await _kubectl(cluster, "delete", "gapp/c", "gapp/d")


async def test_a_definition_that_goes_and_comes_back_is_followed(cluster: DevCluster) -> None:
    async with kopf(cluster, cluster.kubeconfig_for("kopf")) as woken:
        await _apply(cluster, "e")
        await until(lambda: bool(woken), 10)
        await _kubectl(cluster, "delete", "crd", "applications.gitops-operator.io")
        await asyncio.to_thread(_install, cluster)
        await _apply(cluster, "f")
        await until(lambda: ApplicationKey("default", "f") in woken, 60)
        await _kubectl(cluster, "delete", "gapp/f")


async def test_in_a_pod_a_lent_session_uses_the_token_that_the_kubelet_has_renewed(
    cluster: DevCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "token"
    token.write_text(cluster.token("kopf"))
    _be_in_a_pod(monkeypatch, cluster, token)
    session = await connect()
    server, lent = session.server, session.lend()
    async with lent:
        assert await _user(lent, server) == "system:serviceaccount:default:kopf"
        token.write_text(cluster.token("default"))
        assert await _user(lent, server) == "system:serviceaccount:default:default"


async def test_a_lent_session_verifies_the_servers_certificate_by_the_name_that_the_kubeconfig_gives(
    cluster: DevCluster, tmp_path: Path
) -> None:
    config = json.loads(cluster.kubeconfig.read_text())
    config["clusters"][0]["cluster"]["tls-server-name"] = "somebody.example.com"
    path = tmp_path / "config"
    path.write_text(json.dumps(config))
    session = await connect(str(path))
    server, lent = session.server, session.lend()
    async with lent:
        with pytest.raises(OSError, match=r"somebody\.example\.com"):
            await _user(lent, server)


def _be_in_a_pod(monkeypatch: pytest.MonkeyPatch, cluster: DevCluster, token: Path) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", cluster.url.rpartition(":")[2])
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(cluster.ca_file))
    monkeypatch.setattr(incluster_config, "TOKEN_REFRESH_PERIOD", dt.timedelta(0))


async def _user(lent: Any, server: str) -> str:
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    url = f"{server}/apis/authentication.k8s.io/v1/selfsubjectreviews"
    async with lent.post(url, json=review) as answer:
        return str((await answer.json())["status"]["userInfo"]["username"])


async def _apply(cluster: DevCluster, name: str) -> None:
    body = {
        "apiVersion": "gitops-operator.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "source": {"repoURL": "https://git.example.com/a.git", "path": "a"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
        },
    }
    await asyncio.to_thread(cluster.apply, json.dumps(body))


async def _kubectl(cluster: DevCluster, *arguments: str) -> str:
    return await asyncio.to_thread(cluster.kubectl, *arguments)


def _install(cluster: DevCluster) -> None:
    cluster.kubectl("apply", "-f", str(CRDS))
    cluster.established("applications.gitops-operator.io")


def _may_watch(cluster: DevCluster, account: str) -> None:
    cluster.kubectl("create", "serviceaccount", account)
    resources = "--resource=applications.gitops-operator.io,customresourcedefinitions.apiextensions.k8s.io"
    cluster.kubectl("create", "clusterrole", account, "--verb=list,watch", resources)
    cluster.kubectl(
        "create", "clusterrolebinding", account, f"--clusterrole={account}", f"--serviceaccount=default:{account}"
    )
