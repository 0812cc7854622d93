"""JSON texts held small: they come back as they were, from whatever thread."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from gitops_operator.model.packing import Packed, Packer

FAMILY = ("v1", "ConfigMap")


def text(number: int) -> bytes:
    chance = random.Random(number)
    data = {f"option-{index}": f"{chance.getrandbits(64):x}" for index in range(20)}
    return json.dumps({"metadata": {"name": f"settings-{number}", "labels": {"app": "shop"}}, "data": data}).encode()


def test_every_text_comes_back_as_it_was() -> None:
    packer = Packer(Packed)
    packed = [packer.pack(text(number), FAMILY) for number in range(100)]
    assert [one.text() for one in packed] == [text(number) for number in range(100)]


def test_later_texts_of_a_family_take_less_room_than_the_first() -> None:
    packer = Packer(Packed)
    packed = [packer.pack(text(number), FAMILY) for number in range(100)]
    assert max(len(one.data) for one in packed[70:]) < 0.8 * min(len(one.data) for one in packed[:10])


def test_texts_too_short_to_learn_from_come_back_too() -> None:
    packer = Packer(Packed)
    packed = [packer.pack(b"{}", FAMILY) for _ in range(100)]
    assert {one.text() for one in packed} == {b"{}"}


def test_equal_texts_are_equal_however_they_were_packed() -> None:
    packer = Packer(Packed)
    first, *_, last = [packer.pack(text(number % 100), FAMILY) for number in range(101)]
    assert len(first.data) != len(last.data)
    assert first == last
    assert first != packer.pack(text(1), FAMILY)


def test_what_is_packed_does_not_show() -> None:
    assert "shop" not in repr(Packer(Packed).pack(text(1), FAMILY))


def test_with_a_lock_several_threads_may_pack_and_unpack() -> None:
    packer = Packer(Packed, Lock())
    with ThreadPoolExecutor(4) as threads:
        packed = list(threads.map(lambda number: packer.pack(text(number), FAMILY), range(400)))
        unpacked = list(threads.map(lambda one: one.text(), packed))
    assert unpacked == [text(number) for number in range(400)]
