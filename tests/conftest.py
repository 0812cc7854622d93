import asyncio
import contextlib
import inspect
import secrets
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import settings

from devcluster.binaries import ensure_binaries, ensure_packaging
from devcluster.cluster import DevCluster
from devcluster.waiting import wait_until

# Examples differ from run to run; a failure prints what repeats it. The time-out of the test is the deadline.
settings.register_profile("gitops", deadline=None, print_blob=True)
settings.load_profile("gitops")


@pytest.fixture
async def no_leaked_tasks() -> AsyncIterator[None]:
    """Whoever starts a task ends it."""
    before = asyncio.all_tasks()
    yield
    leaked = asyncio.all_tasks() - before - {asyncio.current_task()}
    assert not leaked, f"left running: {leaked}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every asynchronous test is watched for tasks that it leaves behind."""
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.function):
            item.fixturenames.insert(0, "no_leaked_tasks")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """What the cluster needs is built before the first test, so that no test's time-out is hit by a build."""
    if session.config.option.collectonly:
        return
    if any(item.get_closest_marker("cluster") for item in session.items):
        capture = session.config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
            ensure_binaries()
            ensure_packaging()


@pytest.fixture(scope="session")
def devcluster() -> Iterator[DevCluster]:
    """The control plane that all tests of a session share; take a cluster of your own to break something."""
    with DevCluster("tests") as cluster:
        yield cluster


@pytest.fixture
def namespace(devcluster: DevCluster) -> Iterator[str]:
    """A namespace for one test, with its default service account."""
    name = f"test-{secrets.token_hex(4)}"
    devcluster.kubectl("create", "namespace", name)
    account = f"/api/v1/namespaces/{name}/serviceaccounts/default"
    wait_until(lambda: devcluster.api.get(account) is not None, f"the service account of {name}")
    yield name
    devcluster.kubectl("delete", "namespace", name, "--wait=false")
