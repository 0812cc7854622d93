"""When a kind is said to be ready, and when not any more."""

import asyncio

from gitops_operator.cluster.standing import Standing
from gitops_operator.model.kind import KindState, KindStatus

READY = KindStatus(KindState.READY)
CUT = KindStatus(KindState.CATCHING_UP, "cut")
GRACE = 0.1
PROBATION = 0.5


async def test_a_watch_that_comes_back_just_before_the_grace_is_over_leaves_its_kind_ready() -> None:
    told: list[KindStatus] = []
    standing = Standing(told.append, GRACE)
    standing.ready()
    standing.lost(CUT)
    standing.resumed()
    await asyncio.sleep(GRACE + PROBATION + 0.1)
    standing.close()
    assert told == [READY]


async def test_a_watch_that_comes_back_and_is_lost_again_is_told_of_after_a_grace() -> None:
    told: list[KindStatus] = []
    standing = Standing(told.append, GRACE)
    standing.ready()
    standing.lost(CUT)
    standing.resumed()
    await asyncio.sleep(GRACE + 0.05)
    standing.lost(CUT)
    await asyncio.sleep(GRACE + 0.05)
    standing.close()
    assert told == [READY, CUT]


async def test_a_watch_that_comes_back_after_the_grace_makes_its_kind_ready_again() -> None:
    told: list[KindStatus] = []
    standing = Standing(told.append, GRACE)
    standing.ready()
    standing.lost(CUT)
    await asyncio.sleep(GRACE + 0.05)
    standing.resumed()
    await asyncio.sleep(PROBATION + 0.1)
    standing.close()
    assert told == [READY, CUT, READY]
