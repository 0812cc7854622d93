import asyncio
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_operator.model.application import ApplicationKey
from gitops_operator.wakeups import Priority, Wakeups


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def key(name: str, namespace: str = "default") -> ApplicationKey:
    return ApplicationKey(namespace, name)


def queue(*names: str, priority: Priority = Priority.DRIFT) -> Wakeups:
    wakeups = Wakeups(Clock())
    for name in names:
        wakeups.wake(key(name), priority)
    return wakeups


async def taken(wakeups: Wakeups, count: int) -> Sequence[str]:
    return [str((await asyncio.wait_for(wakeups.next(), 1))[0].namespace) for _ in range(count)]


async def names(wakeups: Wakeups, count: int) -> Sequence[str]:
    found = []
    for _ in range(count):
        one, _, _ = await asyncio.wait_for(wakeups.next(), 1)
        assert isinstance(one, ApplicationKey)
        found.append(one.name)
    return found


async def is_empty(wakeups: Wakeups) -> bool:
    waiting = asyncio.create_task(wakeups.next())
    await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    return wakeups.depth == 0 and waiting.cancelled()


# One wait a key


async def test_a_key_that_is_woken_often_waits_once() -> None:
    wakeups = queue("a", "a", "a")
    assert wakeups.depth == 1
    assert await names(wakeups, 1) == ["a"]
    assert await is_empty(wakeups)


async def test_keys_of_one_priority_come_in_the_order_of_their_first_wake_up() -> None:
    assert await names(queue("b", "a", "b", "c"), 3) == ["b", "a", "c"]


async def test_a_key_that_is_being_worked_on_is_not_handed_out_again() -> None:
    wakeups = queue("a")
    await names(wakeups, 1)
    wakeups.wake(key("a"), Priority.USER)
    assert await is_empty(wakeups)


async def test_a_wake_up_while_its_key_is_worked_on_is_not_lost() -> None:
    wakeups = queue("a")
    await names(wakeups, 1)
    wakeups.wake(key("a"), Priority.PERIODIC)
    wakeups.wake(key("a"), Priority.USER)
    wakeups.wake(key("a"), Priority.DRIFT)
    wakeups.done(key("a"))
    assert await asyncio.wait_for(wakeups.next(), 1) == (key("a"), Priority.USER, 0.0)
    wakeups.done(key("a"))
    assert wakeups.is_idle()


async def test_a_key_that_is_done_waits_no_more_by_itself() -> None:
    wakeups = queue("a")
    await names(wakeups, 1)
    wakeups.done(key("a"))
    assert wakeups.is_idle()
    assert await is_empty(wakeups)


# Priorities and fairness


async def test_what_is_more_urgent_comes_first() -> None:
    wakeups = Wakeups(Clock())
    for priority in reversed(Priority):
        wakeups.wake(key(priority.name), priority)
    assert await names(wakeups, len(Priority)) == ["USER", "COMMIT", "DRIFT", "DEPENDENCY", "PERIODIC"]


async def test_a_key_that_waits_is_promoted_and_comes_once() -> None:
    wakeups = queue("a", "b", priority=Priority.PERIODIC)
    wakeups.wake(key("b"), Priority.USER)
    assert await names(wakeups, 2) == ["b", "a"]
    assert await is_empty(wakeups)


async def test_a_key_that_waits_is_not_demoted() -> None:
    wakeups = queue("a", priority=Priority.USER)
    wakeups.wake(key("a"), Priority.PERIODIC)
    assert (await wakeups.next())[1] is Priority.USER


async def test_a_promoted_key_that_is_woken_again_at_its_old_priority_comes_once_more() -> None:
    wakeups = queue("a", priority=Priority.PERIODIC)
    wakeups.wake(key("a"), Priority.USER)
    await names(wakeups, 1)
    wakeups.done(key("a"))
    wakeups.wake(key("a"), Priority.PERIODIC)
    assert await names(wakeups, 1) == ["a"]
    assert await is_empty(wakeups)


async def test_a_namespace_with_many_keys_does_not_hold_up_another() -> None:
    wakeups = Wakeups(Clock())
    for number in range(100):
        wakeups.wake(key(f"many-{number}", "large"), Priority.DRIFT)
    wakeups.wake(key("only", "small"), Priority.DRIFT)
    assert await taken(wakeups, 4) == ["large", "small", "large", "large"]


# Planned looks


async def test_a_planned_look_comes_when_it_is_due() -> None:
    clock = Clock()
    wakeups = Wakeups(clock)
    wakeups.wake_at(key("a"), clock.now + 60)
    assert await is_empty(wakeups)
    clock.now += 60
    assert await asyncio.wait_for(wakeups.next(), 1) == (key("a"), Priority.PERIODIC, 0.0)


async def test_a_worker_that_waits_is_woken_by_a_look_that_becomes_due() -> None:
    wakeups = Wakeups(asyncio.get_running_loop().time)
    worker = asyncio.create_task(wakeups.next())
    await asyncio.sleep(0)
    wakeups.wake_at(key("a"), asyncio.get_running_loop().time() + 0.05)
    found, _, waited = await asyncio.wait_for(worker, 1)
    assert found == key("a")
    assert waited < 0.05


@pytest.mark.parametrize("first, second", [(60, 30), (30, 60), (30, 30)])
async def test_a_new_plan_replaces_the_old_one(first: float, second: float) -> None:
    clock = Clock()
    wakeups = Wakeups(clock)
    wakeups.wake_at(key("a"), clock.now + first)
    wakeups.wake_at(key("a"), clock.now + second)
    clock.now += second - 1
    assert await is_empty(wakeups)
    clock.now += 1
    assert await names(wakeups, 1) == ["a"]
    wakeups.done(key("a"))
    clock.now += 100
    assert await is_empty(wakeups)


async def test_an_earlier_look_makes_the_planned_one_needless() -> None:
    clock = Clock()
    wakeups = Wakeups(clock)
    wakeups.wake_at(key("a"), clock.now + 60)
    wakeups.wake(key("a"), Priority.COMMIT)
    await names(wakeups, 1)
    wakeups.done(key("a"))
    clock.now += 61
    assert await is_empty(wakeups)


async def test_a_look_that_becomes_due_while_its_key_is_worked_on_comes_afterwards() -> None:
    clock = Clock()
    wakeups = Wakeups(clock)
    wakeups.wake(key("a"), Priority.COMMIT)
    await names(wakeups, 1)
    wakeups.wake_at(key("a"), clock.now + 1)
    clock.now += 1
    assert await is_empty(wakeups)
    wakeups.done(key("a"))
    assert await names(wakeups, 1) == ["a"]


async def test_a_forgotten_key_has_no_planned_look() -> None:
    clock = Clock()
    wakeups = Wakeups(clock)
    wakeups.wake_at(key("a"), clock.now + 1)
    wakeups.forget(key("a"))
    clock.now += 1
    assert await is_empty(wakeups)


async def test_plans_that_are_replaced_again_and_again_cost_no_memory() -> None:
    clock = Clock()
    wakeups = Wakeups(clock)
    for number in range(10_000):
        wakeups.wake_at(key(f"a{number % 10}"), clock.now + 180 + number)
    assert len(wakeups._due) < 200
    clock.now += 180 + 10_000
    assert sorted(await names(wakeups, 10)) == [f"a{number}" for number in range(10)]


# Workers and threads


async def test_every_worker_that_waits_gets_a_key() -> None:
    wakeups = Wakeups(Clock())
    workers = [asyncio.create_task(wakeups.next()) for _ in range(3)]
    await asyncio.sleep(0)
    for name in "abc":
        wakeups.wake(key(name), Priority.DRIFT)
    found = await asyncio.wait_for(asyncio.gather(*workers), 1)
    assert {one for one, _, _ in found} == {key("a"), key("b"), key("c")}
    assert (wakeups.working, wakeups.depth) == (3, 0)


async def test_a_worker_that_is_cancelled_while_it_waits_takes_nothing_with_it() -> None:
    wakeups = Wakeups(Clock())
    assert await is_empty(wakeups)
    wakeups.wake(key("a"), Priority.DRIFT)
    assert await names(wakeups, 1) == ["a"]


async def test_other_threads_may_wake_keys_while_a_worker_waits() -> None:
    wakeups = Wakeups(Clock())
    wakeups.bind(asyncio.get_running_loop())

    def wake_many(namespace: str) -> None:
        for number in range(200):
            wakeups.wake_threadsafe(key(str(number), namespace), Priority.USER)

    threads = [threading.Thread(target=wake_many, args=(f"n{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    found = [await asyncio.wait_for(wakeups.next(), 5) for _ in range(800)]
    for thread in threads:
        thread.join()
    assert len({one for one, _, _ in found}) == 800


def test_a_thread_that_wakes_a_key_too_early_or_too_late_does_no_harm() -> None:
    wakeups = Wakeups(Clock())
    wakeups.wake_threadsafe(key("early"), Priority.USER)
    loop = asyncio.new_event_loop()
    wakeups.bind(loop)
    loop.close()
    wakeups.wake_threadsafe(key("late"), Priority.USER)
    assert wakeups.is_idle()


# What is told


async def test_how_long_a_key_waited_is_told() -> None:
    clock = Clock()
    wakeups = Wakeups(clock)
    wakeups.wake(key("a"), Priority.PERIODIC)
    clock.now += 5
    wakeups.wake(key("a"), Priority.USER)
    clock.now += 2
    assert wakeups.longest_wait() == 7
    assert await wakeups.next() == (key("a"), Priority.USER, 7.0)
    assert wakeups.longest_wait() == 0


# Laws

ACTS = st.lists(st.tuples(st.sampled_from(["wake", "take", "done"]), st.sampled_from("abc"), st.sampled_from(Priority)))


class Model:
    """What the queue owes: a look that begins after each wake-up, and never two at a time."""

    def __init__(self) -> None:
        self.wakeups = Wakeups(Clock())
        self.owed: set[str] = set()
        self.working: set[str] = set()

    def wake(self, name: str, priority: Priority) -> None:
        self.wakeups.wake(key(name), priority)
        self.owed.add(name)

    def take(self, *_: object) -> None:
        for one in [found[0] for found in [self.wakeups._take()] if found]:
            assert isinstance(one, ApplicationKey)
            assert one.name not in self.working
            self.working.add(one.name)
            self.owed.discard(one.name)

    def done(self, name: str, *_: object) -> None:
        if name in self.working:
            self.working.discard(name)
            self.wakeups.done(key(name))


@settings(max_examples=50)
@given(acts=ACTS)
def test_each_wake_up_is_followed_by_a_look_that_begins_after_it(acts: Sequence[tuple[str, str, Priority]]) -> None:
    model = Model()
    for act, name, priority in acts:
        getattr(model, act)(name, priority)
    for name in list(model.working):
        model.done(name)
    while model.wakeups.depth:
        model.take()
    assert not model.owed
