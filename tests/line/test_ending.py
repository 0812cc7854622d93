"""The operator ends while passes are under way: those that have changed nothing are given up, the others reported."""

import pytest

from gitops_operator.model.resource import ResourceKey
from gitops_operator.turn import GivenUpError
from tests.builders import config_map
from tests.fakes import synced


async def test_a_pass_that_has_changed_nothing_is_given_up() -> None:
    line = await synced(config_map("a", {"key": "one"}))
    before = len(line.api.requests)
    line.commit(config_map("a", {"key": "two"}))
    line.operator.sight.turn.end()
    with pytest.raises(GivenUpError):
        await line.settle()
    assert line.api.requests[before:] == []


async def test_a_pass_that_has_written_says_what_it_wrote() -> None:
    line = await synced(config_map("a", {"key": "one"}))
    line.commit(config_map("a", {"key": "two"}))

    def end(_: object, key: ResourceKey) -> None:
        if key.kind == "ConfigMap":
            line.operator.sight.turn.end()

    line.api.before_write = end
    with pytest.raises(GivenUpError):
        await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"key": "two"}
    assert line.operation()["counts"]["updated"] == 1


async def test_the_next_leader_goes_on_where_a_pass_was_given_up() -> None:
    line = await synced(config_map("a", {"key": "one"}))
    line.commit(config_map("a", {"key": "two"}))
    line.operator.sight.turn.end()
    with pytest.raises(GivenUpError):
        await line.settle()
    line.restart()
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"key": "two"}
    assert line.words() == ("Synced", "Healthy")
