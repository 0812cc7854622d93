"""What fails outside a sync: corrections and verifications that are refused are told, and not repeated for ever."""

import json
import logging

import pytest

from gitops_operator import logs
from tests.builders import application, config_map
from tests.fake_api import RefusalError
from tests.fakes import FakeNarrator, Line, synced

DOWN = RefusalError(500, 'failed calling webhook "policy.example.com": no endpoints', "InternalError")
BAD = RefusalError(422, "data is bad", "Invalid", ("FieldValueInvalid", "bad", "data"))


def applies(line: Line) -> int:
    return sum(sent.verb == "apply" for sent in line.api.requests)


async def refused() -> Line:
    line = await synced(config_map("a"))
    line.api.refuse(DOWN, "apply", "a")
    line.edit("ConfigMap", "a", {"data": {"color": "red"}})
    await line.settle(soon=0)
    return line


async def test_a_refused_correction_is_told() -> None:
    line = await refused()
    ready = line.condition("Ready")
    assert (ready["status"], ready["reason"]) == ("False", "RetryLater")
    assert "policy.example.com" in ready["message"]
    assert len(line.events("RetryLater")) == 1


async def test_it_is_tried_again_later_and_later() -> None:
    line = await refused()
    before = applies(line)
    await line.after(600)
    assert applies(line) - before == 6  # after 2, 8, 26, 80, 242 and 542 seconds
    assert len(line.events("RetryLater")) == 1


async def test_it_succeeds_when_the_cause_is_gone() -> None:
    line = await refused()
    line.api.faults.clear()
    await line.after(3)
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue"}
    assert line.condition("Ready")["status"] == "True"


async def test_a_verification_that_fails_is_asked_for_less_and_less_often() -> None:
    line = await synced(config_map("a"))
    line.api.refuse(DOWN, "apply", "a", dry_run=True)
    line.restart()
    await line.settle()
    before = applies(line)
    await line.after(600)
    assert 0 < applies(line) - before <= 6
    assert line.condition("Ready")["reason"] == "NotVerified"


async def test_a_sync_that_was_asked_for_is_tried_again_as_it_was_asked_for() -> None:
    line = Line()
    old = line.commit(config_map("a", {"color": "old"}))
    line.commit(config_map("a", {"color": "new"}))
    line.create(application(automated=None))
    await line.settle()
    fault = line.api.refuse(BAD, "apply", "a")
    line.edit_app({"operation": {"sync": {"revision": old}}})
    await line.settle()
    assert line.operation()["phase"] == "Failed"
    line.api.faults.remove(fault)
    await line.after(6)
    assert line.live("ConfigMap", "a")["data"] == {"color": "old"}
    assert (line.operation()["trigger"], line.operation()["attempts"]) == ("manual", 2)


async def test_a_namespace_that_moves_from_git_to_create_namespace_is_not_pruned() -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web"}}
    line = await synced(namespace, config_map("a"))
    line.edit_app({"spec": {"syncPolicy": {"syncOptions": ["CreateNamespace=true"]}}})
    line.commit(config_map("a"))
    await line.settle()
    assert line.has("Namespace", "web", "")
    assert line.words() == ("Synced", "Healthy")


class Talker(FakeNarrator):
    def tell(self, application: object, events: object) -> None:
        logging.getLogger("gitops_operator.test").warning("told")


async def test_a_line_of_a_pass_carries_application_and_revision(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    line = Line()
    sha = line.commit(config_map("a"))
    line.narrator = Talker()
    line.restart()
    line.create(application())
    logs.configure("json", "warning")
    try:
        with logs.context(application="gitops/shop"):
            await line.settle()
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    told = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (told["application"], told["revision"]) == ("gitops/shop", sha[:7])
