"""APPLY and its dry runs: what is sent, what is cured, and what came of it."""

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from gitops_operator.apply import execute
from gitops_operator.errors import ClusterError
from gitops_operator.model import digest
from gitops_operator.model.fields_v1 import Fields
from gitops_operator.model.managed_fields import entries_of, fields_of, our_entry
from gitops_operator.model.merging import LAST_APPLIED
from gitops_operator.model.resource import TRACKING_ID, Body
from gitops_operator.model.sending import Care, stamped
from gitops_operator.model.step import Outcome, Result, Step, Task, TaskKind
from tests.unit.apply.writers import MODIFIED, FakeWriter, refused, task
from tests.unit.diff.objects import entry, left_by_apply, resource

MAP = resource(data={"color": "red"})
NEWER = resource(data={"color": "green"})


def left(**parts: Any) -> dict[str, Any]:
    return left_by_apply(MAP, **parts)


async def outcome(writer: FakeWriter, some: Task) -> Outcome:
    [found] = await execute(Step(((some,),)), writer)
    return found


def to_apply(desired: Any = NEWER, kind: TaskKind = TaskKind.APPLY, live: Any = None, **more: Any) -> Task:
    return task(desired, kind, live, **{"body": stamped(desired), **more})


async def test_an_object_that_was_not_there_is_created() -> None:
    writer = FakeWriter()
    assert (await outcome(writer, to_apply())).result is Result.CREATED
    assert writer.live is not None
    assert writer.live["data"] == {"color": "green"}


async def test_a_change_costs_one_request() -> None:
    writer = FakeWriter(left())
    assert (await outcome(writer, to_apply(live=writer.live))).result is Result.CONFIGURED
    assert writer.calls == ["apply"]


async def test_an_apply_that_changes_nothing_is_unsettled() -> None:
    writer = FakeWriter(left())
    found = await outcome(writer, to_apply(MAP, live=writer.live))
    assert (found.result, found.unsettled) == (Result.UNCHANGED, True)


async def test_an_apply_whose_annotations_are_stripped_is_unsettled() -> None:
    class Stripping(FakeWriter):
        def _merged(self, body: Body) -> dict[str, Any]:
            merged = deepcopy(super()._merged(body))
            del merged["metadata"]["annotations"][TRACKING_ID]
            return merged

    writer = Stripping(left())
    found = await outcome(writer, to_apply(live=writer.live))
    assert (found.result, found.unsettled) == (Result.CONFIGURED, True)


@pytest.mark.parametrize("force", [True, False])
async def test_conflicts_are_forced_unless_the_options_say_otherwise(force: bool) -> None:
    writer = FakeWriter(left())
    await outcome(writer, to_apply(live=writer.live, force_conflicts=force))
    assert writer.options[-1].force is force


async def test_a_refusal_is_the_outcome_of_its_task() -> None:
    writer = FakeWriter(left(), apply=[refused(400, "bad")])
    found = await outcome(writer, to_apply(live=writer.live))
    assert found.result is Result.FAILED
    assert found.error is not None
    assert found.error.reason == "BadRequest"


async def test_a_refusal_does_not_stop_the_other_tasks() -> None:
    writer = FakeWriter(left(), apply=[refused(400, "bad")])
    some = to_apply(live=writer.live)
    results = [found.result for found in await execute(Step(((some, some), (some,))), writer)]
    assert results == [Result.FAILED, Result.CONFIGURED, Result.CONFIGURED]


async def test_what_is_not_an_answer_of_the_server_ends_the_step() -> None:
    class LeaseLostError(Exception):
        pass

    class Losing(FakeWriter):
        async def apply(self, *_: Any) -> Any:
            raise LeaseLostError

    with pytest.raises(LeaseLostError):
        await outcome(Losing(left()), to_apply())


# Without validation


UNKNOWN = refused(500, "failed to create typed patch object (x): .data.colour: field not declared in schema", "")


async def test_an_unknown_field_is_refused() -> None:
    writer = FakeWriter(left(), apply=[UNKNOWN])
    assert (await outcome(writer, to_apply(live=writer.live))).result is Result.FAILED


async def test_without_validation_an_unknown_field_is_left_out_with_a_warning() -> None:
    desired = resource(data={"color": "green", "colour": "green"})
    writer = FakeWriter(left(), apply=[UNKNOWN])
    found = await outcome(writer, to_apply(desired, live=writer.live, validate=False))
    assert found.result is Result.CONFIGURED
    assert writer.live is not None
    assert writer.live["data"] == {"color": "green"}
    assert found.warnings == (
        "ConfigMap web/front (shop.yaml:3): the server does not know .data.colour; Validate=false leaves it out.",
    )


# Ignored fields


async def test_an_ignored_field_is_sent_as_it_is_at_the_moment_of_the_apply() -> None:
    live = left(data={"color": "blue"})
    writer = FakeWriter(live)
    desired = resource(data={"color": "red", "size": "s"})
    some = to_apply(desired, live=live, care=Care(frozenset({("f:data", "f:color")})))
    assert (await outcome(writer, some)).result is Result.CONFIGURED
    assert writer.live is not None
    assert writer.live["data"] == {"color": "blue", "size": "s"}


async def test_an_ignored_field_that_moves_during_the_apply_is_read_again() -> None:
    live = left(data={"color": "blue"})
    writer = FakeWriter(live)

    def move(now: dict[str, Any]) -> None:
        now["data"] = {"color": "violet"}
        now["metadata"]["resourceVersion"] = "99"
        writer.before_write = None

    writer.before_write = move
    desired = resource(data={"color": "red", "size": "s"})
    some = to_apply(desired, live=live, care=Care(frozenset({("f:data", "f:color")})))
    assert (await outcome(writer, some)).result is Result.CONFIGURED
    assert writer.live["data"] == {"color": "violet", "size": "s"}  # type: ignore[index]  # it is there


async def test_an_ignored_field_that_turns_out_to_be_required_is_sent_as_it_is() -> None:
    live = left_by_apply(resource(data={"size": "s"}), data={"color": "blue", "size": "s"})
    required = refused(422, "no", "Invalid", ("FieldValueRequired", "Required value", "data.color"))
    writer = FakeWriter(live, apply=[required])
    desired = resource(data={"color": "red", "size": "m"})
    some = to_apply(desired, live=live, care=Care(frozenset({("f:data", "f:color")})))
    assert (await outcome(writer, some)).result is Result.CONFIGURED
    assert [sent["data"] for call, sent in writer.sent if call == "apply"] == [
        {"size": "m"},
        {"size": "m", "color": "blue"},
    ]


# Adoption


def by_kubectl(operation: str = "Update", **more: Any) -> dict[str, Any]:
    """What `kubectl apply` left, which nobody tracks."""
    body = left(data={"color": "red", "old": "x"})
    del body["metadata"]["annotations"]
    fields: Fields = {"f:data": {".": {}, "f:color": {}, "f:old": {}}}
    body["metadata"]["managedFields"] = [entry(fields, "kubectl-client-side-apply", operation, **more)]
    return body


def ours(writer: FakeWriter) -> Fields:
    assert writer.live is not None
    our = our_entry(entries_of(writer.live))
    return fields_of(our) if our else {}


async def test_adoption_makes_the_fields_of_kubectl_ours_before_the_apply() -> None:
    writer = FakeWriter(by_kubectl())
    assert (await outcome(writer, to_apply(live=writer.live, migrates=True))).result is Result.CONFIGURED
    assert writer.calls == ["get", "json_patch", "apply"]
    [patch] = [sent for call, sent in writer.sent if call == "json_patch"]
    [only] = patch[1]["value"]
    assert (only["manager"], only["operation"]) == ("gitops-operator", "Apply")
    assert only["fieldsV1"]["f:data"] == {".": {}, "f:color": {}, "f:old": {}}


async def test_adoption_that_is_overtaken_reads_again() -> None:
    writer = FakeWriter(by_kubectl(), json_patch=[MODIFIED])
    await outcome(writer, to_apply(live=writer.live, migrates=True))
    assert writer.calls == ["get", "json_patch", "get", "json_patch", "apply"]


async def test_adoption_that_is_always_overtaken_fails_for_now() -> None:
    writer = FakeWriter(by_kubectl(), json_patch=[MODIFIED] * 5)
    found = await outcome(writer, to_apply(live=writer.live, migrates=True))
    assert found.error is not None
    assert (found.error.reason, found.error.transient) == ("Conflict", True)


async def test_an_object_that_went_before_its_adoption_is_created() -> None:
    gone = by_kubectl()
    assert (await outcome(FakeWriter(), to_apply(live=gone, migrates=True))).result is Result.CREATED


async def test_another_object_of_the_name_is_not_adopted() -> None:
    writer = FakeWriter(by_kubectl())
    found = await outcome(writer, to_apply(live=left(uid="uid-0"), migrates=True))
    assert found.error is not None
    assert (found.error.reason, found.error.transient) == ("Conflict", True)


# What others took before Git removed it


async def test_what_others_took_and_git_removed_is_ours_again_before_the_apply() -> None:
    live = left(data={"color": "blue"}, entries=[entry({"f:data": {"f:color": {}}}, "kubectl-edit", "Update")])
    live["metadata"]["managedFields"][0]["fieldsV1"].pop("f:data")
    writer = FakeWriter(live)
    previous: Fields = {"f:data": {"f:color": {}}}
    await outcome(writer, to_apply(resource(), live=live, care=Care(previous=previous)))
    [patch] = [sent for call, sent in writer.sent if call == "json_patch"]
    [only] = patch[1]["value"]
    assert only["fieldsV1"]["f:data"] == {"f:color": {}}


async def test_what_git_still_wants_needs_no_patch() -> None:
    live = left(data={"color": "blue"}, entries=[entry({"f:data": {"f:color": {}}}, "kubectl-edit", "Update")])
    live["metadata"]["managedFields"][0]["fieldsV1"].pop("f:data")
    writer = FakeWriter(live)
    await outcome(writer, to_apply(live=live, care=Care(previous={"f:data": {"f:color": {}}})))
    assert writer.calls == ["get", "apply"]


# Kinds without server-side apply


@pytest.mark.parametrize("status", [405, 415])
async def test_a_kind_without_server_side_apply_is_patched(status: int) -> None:
    writer = FakeWriter(left(), apply=[refused(status, "no patch")])
    assert (await outcome(writer, to_apply(live=writer.live))).result is Result.CONFIGURED
    assert writer.live is not None
    assert writer.live["data"] == {"color": "green"}


async def test_a_kind_whose_definition_goes_is_waited_for_and_not_taken_for_one_without_apply() -> None:
    words = "create not allowed while custom resource definition is terminating"
    writer = FakeWriter(left(), apply=[refused(405, words, "MethodNotAllowed")])
    done = await outcome(writer, to_apply(live=writer.live))
    assert done.error is not None
    assert (done.error.reason, done.error.transient) == ("KindTerminating", True)
    assert not writer.unappliable


async def test_a_kind_without_server_side_apply_is_remembered() -> None:
    writer = FakeWriter(left(), apply=[refused(415, "no patch")])
    await outcome(writer, to_apply(live=writer.live))
    await outcome(writer, to_apply(MAP, live=writer.live))
    assert writer.calls.count("apply") == 1


async def test_a_merge_removes_what_we_wanted_last_and_keeps_what_others_added() -> None:
    writer = FakeWriter(left(data={"color": "red", "theirs": "x"}), apply=[refused(415, "no patch")])
    await outcome(writer, to_apply(resource(data={"color": "red", "size": "s"}), live=writer.live))
    await outcome(writer, to_apply(live=writer.live))
    assert writer.live is not None
    assert writer.live["data"] == {"color": "green", "theirs": "x"}


async def test_a_merge_leaves_an_ignored_field_as_it_is() -> None:
    writer = FakeWriter(left(), apply=[refused(415, "no patch")])
    await outcome(writer, to_apply(MAP, live=writer.live))
    assert writer.live is not None
    writer.live["data"] = {"color": "blue"}
    desired = resource(data={"color": "red", "size": "s"})
    await outcome(writer, to_apply(desired, live=writer.live, care=Care(frozenset({("f:data", "f:color")}))))
    assert writer.live["data"] == {"color": "blue", "size": "s"}


async def test_a_merge_that_has_nothing_to_change_sends_nothing() -> None:
    writer = FakeWriter(left(), apply=[refused(415, "no patch")])
    await outcome(writer, to_apply(live=writer.live))
    found = await outcome(writer, to_apply(live=writer.live))
    assert (found.result, writer.calls[-1]) == (Result.UNCHANGED, "get")


async def test_a_kind_without_server_side_apply_is_created() -> None:
    writer = FakeWriter(apply=[refused(415, "no patch")])
    assert (await outcome(writer, to_apply())).result is Result.CREATED
    assert writer.live is not None
    assert json.loads(writer.live["metadata"]["annotations"][LAST_APPLIED])["data"] == {"color": "green"}


# VALIDATE and VERIFY


async def test_validation_writes_nothing() -> None:
    writer = FakeWriter(left())
    assert (await outcome(writer, to_apply(kind=TaskKind.VALIDATE, live=writer.live))).result is Result.VALID
    assert writer.live == left()


async def test_validation_tells_what_an_apply_would_be_refused_for() -> None:
    writer = FakeWriter(left(), dry_apply=[refused(400, "bad")])
    found = await outcome(writer, to_apply(kind=TaskKind.VALIDATE, live=writer.live))
    assert found.result is Result.FAILED


async def test_validation_lets_pass_what_an_apply_would_cure() -> None:
    unknown = refused(415, "no patch")
    writer = FakeWriter(left(), dry_apply=[unknown])
    assert (await outcome(writer, to_apply(kind=TaskKind.VALIDATE, live=writer.live))).result is Result.VALID


def applied_by_fake() -> FakeWriter:
    """An object as the fake itself leaves it after an apply of MAP."""
    writer = FakeWriter(left())
    writer.live = {**writer._merged(stamped(MAP)), "metadata": {**writer._merged(stamped(MAP))["metadata"]}}
    return writer


async def test_what_an_apply_would_not_change_is_verified() -> None:
    writer = applied_by_fake()
    assert (await outcome(writer, to_apply(MAP, TaskKind.VERIFY, writer.live))).result is Result.VERIFIED


async def test_what_an_apply_would_change_differs() -> None:
    writer = applied_by_fake()
    assert (await outcome(writer, to_apply(NEWER, TaskKind.VERIFY, writer.live))).result is Result.DIFFERS


async def test_an_object_that_is_gone_differs() -> None:
    assert (await outcome(FakeWriter(), to_apply(MAP, TaskKind.VERIFY, left()))).result is Result.DIFFERS


@pytest.mark.parametrize("error", [refused(403, "forbidden", "Forbidden"), refused(503, "down", "")])
async def test_a_verification_that_is_refused_fails(error: ClusterError) -> None:
    writer = FakeWriter(left(), dry_apply=[error])
    assert (await outcome(writer, to_apply(MAP, TaskKind.VERIFY, writer.live))).result is Result.FAILED


async def test_an_object_that_moves_during_its_verification_is_read_again() -> None:
    writer = applied_by_fake()
    assert writer.live is not None
    moves = iter(range(2))

    def move(now: dict[str, Any]) -> None:
        if next(moves, None) is not None:
            now["metadata"]["resourceVersion"] = str(int(now["metadata"]["resourceVersion"]) + 1)

    writer.before_write = move
    some = to_apply(MAP, TaskKind.VERIFY, writer.live, care=Care(frozenset({("f:data", "f:color")})))
    assert (await outcome(writer, some)).result is Result.VERIFIED
    assert writer.calls.count("dry apply") == 3


async def test_a_digest_that_an_older_version_wrote_may_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """An upgrade of the operator applies nothing again."""
    algorithms = {"v0": lambda body: str(len(body["data"])), **digest._ALGORITHMS}
    monkeypatch.setattr(digest, "_ALGORITHMS", algorithms)
    older = replace(MAP, digest="v0:1")
    writer = FakeWriter(left())
    writer.live = deepcopy(writer._merged(stamped(older)))
    assert (await outcome(writer, to_apply(MAP, TaskKind.VERIFY, writer.live))).result is Result.VERIFIED
