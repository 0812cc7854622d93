"""Two processes over one cluster: only who leads writes, and what it writes last is fenced."""

from collections.abc import Callable

from gitops_operator.cluster.request import Request
from gitops_operator.model.resource import ResourceKey
from tests.builders import application, config_map, deployment
from tests.fakes import Line, Operator, synced


def second(line: Line) -> Operator:
    other = Operator(line)
    other.start()
    return other


async def test_nothing_is_written_after_the_lease_is_lost() -> None:
    line = Line()
    line.commit(config_map("a"), deployment("front"))
    line.create(application())
    line.lease = lambda _: len(line.api.requests) < 3
    await line.settle()
    assert line.written() == ["apply ConfigMap web/a"]
    assert len(line.api.requests) == 3


async def test_who_leads_next_finishes_what_was_begun() -> None:
    line = Line()
    line.commit(config_map("a"), deployment("front"), config_map("late", wave=1))
    line.create(application())
    first = line.operator
    line.lease = lambda operator: operator is not first or len(line.api.requests) < 5
    await line.settle()
    uid = line.live("ConfigMap", "a")["metadata"]["uid"]
    line.operator = second(line)
    await line.settle()
    assert line.words() == ("Synced", "Healthy")
    assert line.live("ConfigMap", "a")["metadata"]["uid"] == uid
    assert len(line.status()["history"]) == 1
    assert line.written().count("apply ConfigMap web/a") == 1


async def test_a_pass_that_read_before_the_other_wrote_is_thrown_away() -> None:
    line = await synced(config_map("a"))
    old = line.operator
    line.operator = second(line)
    await line.settle()
    line.commit(config_map("a", {"color": "red"}))
    await line.settle()
    status = line.status()
    # The old leader believes that it still leads, and has heard nothing since.
    line.operator = old
    line.operator.hear = lambda: None  # type: ignore[method-assign] # its watches are stalled
    line.wake_all()
    await line.settle(soon=0)
    assert line.status()["operation"] == status["operation"]
    assert line.live("ConfigMap", "a")["data"] == {"color": "red"}


def before_our_patch(line: Line, act: Callable[[], None], *, verb: str = "patch", path: str = "/shop") -> None:
    """Do something once, when the operator has read the Application and is about to write it."""
    done: list[bool] = []

    def interfere(request: Request, of: ResourceKey) -> None:
        if request.verb == verb and request.path.endswith(path) and not done:
            done.append(True)
            act()

    line.api.before_write = interfere


async def test_a_finalizer_that_somebody_sets_meanwhile_is_not_lost() -> None:
    line = Line()
    line.commit(config_map("a"))
    line.create(application())
    before_our_patch(line, lambda: line.edit_app({"metadata": {"finalizers": ["example.com/audit"]}}))
    await line.settle()
    assert line.app()["metadata"]["finalizers"] == ["example.com/audit", "gitops-operator.io/finalizer"]
    assert line.words() == ("Synced", "Healthy")


async def test_a_request_that_replaces_one_just_taken_is_not_lost() -> None:
    line = Line()
    old = line.commit(config_map("a", {"color": "old"}))
    newest = line.commit(config_map("a", {"color": "new"}))
    line.create(application(automated=None))
    await line.settle()
    line.edit_app({"operation": {"sync": {"revision": newest}}})
    before_our_patch(line, lambda: line.edit_app({"operation": {"sync": {"revision": old}}}))
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "old"}
    assert "operation" not in line.app()
