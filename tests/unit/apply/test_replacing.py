"""REPLACE and RECREATE: only after a dry run proved the new object valid, and an apply follows."""

from typing import Any

import pytest

from gitops_operator.apply import execute
from gitops_operator.model.managed_fields import entries_of
from gitops_operator.model.sending import stamped
from gitops_operator.model.step import Outcome, Result, Step, TaskKind
from tests.unit.apply.writers import MODIFIED, FakeWriter, refused, task
from tests.unit.diff.objects import left_by_apply, resource

MAP = resource(data={"color": "red"})
NEWER = resource(data={"color": "green"})
IMMUTABLE = refused(422, "no", "Invalid", ("FieldValueInvalid", "field is immutable", "data"))
INVALID = refused(422, "no", "Invalid", ("FieldValueInvalid", "must be a color", "data"))


def left(**parts: Any) -> dict[str, Any]:
    return left_by_apply(MAP, **parts)


async def outcome(writer: FakeWriter, kind: TaskKind, *options: str) -> Outcome:
    desired = resource(data={"color": "green"}, options=options)
    some = task(desired, kind, writer.live, body=stamped(desired))
    [found] = await execute(Step(((some,),)), writer)
    return found


async def replaced(writer: FakeWriter) -> Outcome:
    return await outcome(writer, TaskKind.REPLACE)


async def recreated(writer: FakeWriter, *options: str) -> Outcome:
    return await outcome(writer, TaskKind.RECREATE, *options)


async def test_a_replacement_is_proven_before_it_is_written() -> None:
    writer = FakeWriter(left(data={"color": "red", "theirs": "x"}))
    assert (await replaced(writer)).result is Result.REPLACED
    assert writer.calls[:3] == ["get", "dry replace", "replace"]
    assert writer.live is not None
    assert writer.live["data"] == {"color": "green"}


async def test_a_replacement_that_is_not_valid_writes_nothing() -> None:
    writer = FakeWriter(left(), dry_replace=[INVALID])
    assert (await replaced(writer)).result is Result.FAILED
    assert writer.live == left()


async def test_after_a_replacement_an_apply_entry_says_what_is_ours() -> None:
    writer = FakeWriter(left())
    await replaced(writer)
    assert writer.live is not None
    assert [(one["manager"], one["operation"]) for one in entries_of(writer.live)] == [("gitops-operator", "Apply")]


async def test_a_replacement_keeps_finalizers_and_owners() -> None:
    kept = {"finalizers": ["example.com/x"], "ownerReferences": [{"uid": "u"}]}
    writer = FakeWriter(left(metadata=kept))
    await replaced(writer)
    assert writer.live is not None
    assert {name: writer.live["metadata"][name] for name in kept} == kept


async def test_a_replacement_is_of_exactly_that_version() -> None:
    writer = FakeWriter(left())
    await replaced(writer)
    [body] = [sent for call, sent in writer.sent if call == "replace"]
    assert (body["metadata"]["uid"], body["metadata"]["resourceVersion"]) == ("uid-1", "5")


async def test_a_replacement_that_is_overtaken_reads_again() -> None:
    writer = FakeWriter(left(), replace=[MODIFIED])
    assert (await replaced(writer)).result is Result.REPLACED
    assert writer.calls.count("replace") == 2


async def test_a_replacement_of_what_is_gone_creates_it() -> None:
    writer = FakeWriter(left())
    some = task(NEWER, TaskKind.REPLACE, writer.live, body=stamped(NEWER))
    writer.live = None
    [found] = await execute(Step(((some,),)), writer)
    assert found.result is Result.CREATED


async def test_a_list_with_two_items_of_one_key_is_replaced_all_the_same() -> None:
    duplicates = refused(500, "failed to create typed patch object (x): duplicate entries for key [port=80]", "")
    assert (await replaced(FakeWriter(left(), apply=[duplicates]))).result is Result.REPLACED


# Recreation


async def test_what_can_be_changed_in_place_is_not_recreated() -> None:
    writer = FakeWriter(left())
    assert (await recreated(writer)).result is Result.CONFIGURED
    assert "delete" not in writer.calls


async def test_an_immutable_field_recreates_the_object_after_a_proof() -> None:
    writer = FakeWriter(left(), dry_apply=[IMMUTABLE])
    assert (await recreated(writer)).result is Result.REPLACED
    assert writer.calls == ["dry apply", "dry create", "delete", "gone", "apply"]
    assert writer.live is not None
    assert writer.live["metadata"]["uid"] == "uid-2"


async def test_the_proof_is_made_under_another_name() -> None:
    writer = FakeWriter(left(), dry_apply=[IMMUTABLE])
    await recreated(writer)
    [body] = [sent for call, sent in writer.sent if call == "dry create"]
    assert body["metadata"]["generateName"] == "front-"
    assert "name" not in body["metadata"]


async def test_an_object_whose_successor_is_not_valid_stays() -> None:
    writer = FakeWriter(left(), dry_apply=[IMMUTABLE], dry_create=[INVALID])
    assert (await recreated(writer)).result is Result.FAILED
    assert writer.live == left()


async def test_what_the_predecessor_still_holds_proves_nothing_against_its_successor() -> None:
    held = refused(422, "no", "Invalid", ("FieldValueInvalid", "provided port is already allocated", "spec.ports[0]"))
    writer = FakeWriter(left(), dry_apply=[IMMUTABLE], dry_create=[held])
    assert (await recreated(writer)).result is Result.REPLACED


async def test_with_replace_besides_the_object_is_always_recreated() -> None:
    writer = FakeWriter(left())
    assert (await recreated(writer, "Replace=true")).result is Result.REPLACED
    assert "delete" in writer.calls


async def test_an_object_that_does_not_go_is_named_with_its_finalizers_as_the_reason() -> None:
    writer = FakeWriter(left(), dry_apply=[IMMUTABLE])
    writer.goes = False
    found = await recreated(writer)
    assert found.error is not None
    assert (found.error.reason, found.error.transient) == ("Terminating", True)


async def test_an_object_that_went_by_itself_is_created() -> None:
    gone = refused(404, "not found", "NotFound")
    writer = FakeWriter(left(), dry_apply=[IMMUTABLE], delete=[gone])
    assert (await recreated(writer)).result is Result.REPLACED


@pytest.mark.parametrize("kind", [TaskKind.APPLY, TaskKind.REPLACE, TaskKind.RECREATE])
async def test_a_task_without_a_body_is_refused(kind: TaskKind) -> None:
    [found] = await execute(Step(((task(NEWER, kind, left()),),)), FakeWriter(left()))
    assert found.error is not None
    assert found.error.reason == "NothingToSend"
