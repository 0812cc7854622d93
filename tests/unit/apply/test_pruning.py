"""PRUNE: exactly that object, as long as it is ours."""

from typing import Any

from gitops_operator.apply import execute
from gitops_operator.model.resource import TRACKING_ID
from gitops_operator.model.step import Outcome, Result, Step, Task, TaskKind
from tests.unit.apply.writers import FakeWriter, Live, refused
from tests.unit.diff.objects import OTHER, left_by_apply, resource

MAP = resource(data={"color": "red"})


def left(**parts: Any) -> dict[str, Any]:
    return left_by_apply(MAP, **parts)


async def pruned(writer: FakeWriter) -> Outcome:
    uid, version = (left()["metadata"][name] for name in ("uid", "resourceVersion"))
    some = Task(TaskKind.PRUNE, MAP.key, "v1", uid=uid, resource_version=version, tracking_id=MAP.tracking_id)
    [found] = await execute(Step(((some,),)), writer)
    return found


def deletes(writer: FakeWriter) -> list[tuple[str, str]]:
    """(uid, resourceVersion) of each delete that was sent."""
    return [sent for call, sent in writer.sent if call == "delete"]


def hot(changes: int) -> FakeWriter:
    """An object that somebody changes before each of the first so many deletes."""
    writer = FakeWriter(left())
    rest = iter(range(changes))

    def move(live: Live) -> None:
        if next(rest, None) is not None:
            live["metadata"]["resourceVersion"] = str(int(live["metadata"]["resourceVersion"]) + 1)

    writer.before_write = move
    return writer


async def test_an_object_is_deleted_in_the_version_that_was_compared() -> None:
    writer = FakeWriter(left())
    assert (await pruned(writer)).result is Result.PRUNED
    assert deletes(writer) == [("uid-1", "5")]


async def test_an_object_that_is_gone_already_is_gone() -> None:
    assert (await pruned(FakeWriter())).result is Result.GONE


async def test_an_object_that_moved_is_read_again_and_deleted() -> None:
    writer = hot(1)
    assert (await pruned(writer)).result is Result.PRUNED
    assert deletes(writer) == [("uid-1", "5"), ("uid-1", "6")]


async def test_an_object_that_moves_always_is_deleted_by_its_uid_alone() -> None:
    writer = hot(99)
    assert (await pruned(writer)).result is Result.PRUNED
    assert [version for _, version in deletes(writer)] == ["5", "6", "7", ""]


async def test_an_object_that_another_application_took_stays() -> None:
    taken = left(version=6)
    taken["metadata"]["annotations"][TRACKING_ID] = resource(app=OTHER).tracking_id
    writer = FakeWriter(taken)
    found = await pruned(writer)
    assert found.error is not None
    assert (found.error.reason, found.error.transient) == ("OwnershipConflict", False)
    assert writer.live is not None


async def test_an_object_that_lost_its_tracking_id_stays() -> None:
    freed = left(version=6)
    del freed["metadata"]["annotations"][TRACKING_ID]
    writer = FakeWriter(freed)
    assert (await pruned(writer)).result is Result.FAILED
    assert writer.live is not None


async def test_another_object_of_the_same_name_stays() -> None:
    writer = FakeWriter(left(uid="uid-9"))
    assert (await pruned(writer)).result is Result.GONE
    assert writer.live is not None


async def test_a_delete_that_is_refused_is_told() -> None:
    found = await pruned(FakeWriter(left(), delete=[refused(403, "forbidden", "Forbidden")]))
    assert found.error is not None
    assert found.error.reason == "Forbidden"
