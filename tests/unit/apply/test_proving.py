"""VALIDATE of each way to write, and REVIEW: nothing changes, and what would be refused is told."""

from typing import Any

import pytest

from gitops_operator.apply import execute
from gitops_operator.errors import ClusterError
from gitops_operator.model.access import Need, Right
from gitops_operator.model.resource import ResourceKey
from gitops_operator.model.sending import stamped
from gitops_operator.model.step import Outcome, Result, Step, Task, TaskKind
from tests.unit.apply.writers import MODIFIED, NOT_FOUND, FakeWriter, refused, task
from tests.unit.diff.objects import left_by_apply, resource

MAP = resource(data={"color": "red"})
IMMUTABLE = refused(422, "no", "Invalid", ("FieldValueInvalid", "field is immutable", "data"))
INVALID = refused(422, "no", "Invalid", ("FieldValueInvalid", "must be a color", "data"))
DENIED = refused(403, 'admission webhook "w" refuses', "Forbidden")
ACCOUNT = ResourceKey("", "ServiceAccount", "gitops", "team")
LACKING = Right("create", "", "configmaps", "default")


def left(**parts: Any) -> dict[str, Any]:
    return left_by_apply(MAP, **parts)


async def proof(writer: FakeWriter, proves: TaskKind, *options: str) -> Outcome:
    desired = resource(data={"color": "green"}, options=options)
    some = task(desired, TaskKind.VALIDATE, writer.live, body=stamped(desired), proves=proves)
    [found] = await execute(Step(((some,),)), writer)
    return found


@pytest.mark.parametrize(
    "proves, options, calls",
    [
        (TaskKind.APPLY, (), ["dry apply"]),
        (TaskKind.REPLACE, (), ["get", "dry replace"]),
        (TaskKind.RECREATE, (), ["dry apply"]),
        (TaskKind.RECREATE, ("Replace=true",), ["dry create", "dry delete"]),
        (TaskKind.PRUNE, (), ["dry delete"]),
    ],
)
async def test_each_write_has_its_proof(proves: TaskKind, options: tuple[str, ...], calls: list[str]) -> None:
    writer = FakeWriter(left())
    assert (await proof(writer, proves, *options)).result is Result.VALID
    assert writer.calls == calls
    assert writer.live == left()


@pytest.mark.parametrize(
    "proves, refusals",
    [
        (TaskKind.REPLACE, {"dry_replace": INVALID}),
        (TaskKind.RECREATE, {"dry_apply": INVALID}),
        (TaskKind.RECREATE, {"dry_apply": IMMUTABLE, "dry_create": INVALID}),
        (TaskKind.RECREATE, {"dry_apply": IMMUTABLE, "dry_delete": DENIED}),
        (TaskKind.PRUNE, {"dry_delete": DENIED}),
    ],
)
async def test_what_would_be_refused_is_told(proves: TaskKind, refusals: dict[str, ClusterError]) -> None:
    writer = FakeWriter(left(), **{name: [error] for name, error in refusals.items()})
    found = await proof(writer, proves)
    assert found.error is not None
    assert not found.error.transient
    assert writer.live == left()


async def test_what_cannot_be_changed_in_place_is_proven_as_a_recreation() -> None:
    writer = FakeWriter(left(), dry_apply=[IMMUTABLE])
    assert (await proof(writer, TaskKind.RECREATE)).result is Result.VALID
    assert writer.calls == ["dry apply", "get", "dry create", "dry delete"]


@pytest.mark.parametrize("error", [MODIFIED, NOT_FOUND])
async def test_a_prune_of_what_moved_or_went_meanwhile_is_no_failure(error: ClusterError) -> None:
    assert (await proof(FakeWriter(left(), dry_delete=[error]), TaskKind.PRUNE)).result is Result.VALID


async def test_a_replacement_that_came_too_late_is_no_failure() -> None:
    assert (await proof(FakeWriter(left(), dry_replace=[MODIFIED]), TaskKind.REPLACE)).result is Result.VALID


async def test_a_replacement_of_what_went_meanwhile_is_proven_as_a_new_object() -> None:
    writer = FakeWriter()
    assert (await proof(writer, TaskKind.REPLACE)).result is Result.VALID
    assert writer.calls == ["get", "dry create"]


# REVIEW


def question() -> Task:
    return Task(TaskKind.REVIEW, ACCOUNT, "v1", needs=(Need(MAP.key, "v1", frozenset({"create"})),))


async def test_what_may_be_written_is_cleared() -> None:
    [found] = await execute(Step(((question(),),)), FakeWriter())
    assert (found.result, found.cleared) == (Result.VALID, frozenset({MAP.key}))


async def test_nothing_is_sent_after_a_review_that_found_something_lacking() -> None:
    writer = FakeWriter(left())
    writer.lacks = [LACKING]
    prune = Task(TaskKind.PRUNE, MAP.key, "v1", uid="uid-1", resource_version="5")
    [found] = await execute(Step(((question(),), (prune,))), writer)
    assert found.error is not None
    assert (found.error.reason, found.error.transient) == ("Forbidden", False)
    assert writer.calls == ["lacking", "forget"]


async def test_a_write_that_is_forbidden_makes_the_rights_be_asked_for_anew() -> None:
    writer = FakeWriter(left(), apply=[DENIED])
    desired = resource(data={"color": "green"})
    await execute(Step(((task(desired, TaskKind.APPLY, writer.live, body=stamped(desired)),),)), writer)
    assert writer.calls == ["apply", "forget"]
