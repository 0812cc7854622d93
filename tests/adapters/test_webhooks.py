"""Webhooks as Git servers, their owners and whoever else there is send them."""

import asyncio
import contextlib
import gzip
import json
import logging
import time
from collections.abc import AsyncIterator

import pytest

from gitops_operator.web.receiver import LARGEST
from tests.adapters.source_following import until
from tests.adapters.webhook_door import ADMIN, ALL_SECRETS, Door, opened, secret
from tests.pushes import (
    CHANGED,
    EVERY,
    SECRET,
    URL,
    Sent,
    bitbucket_server_ping,
    digest,
    generic,
    github,
    github_ping,
    gitlab,
    signed_by_github,
)

ALL = secret(ALL_SECRETS)
WITH_ADMIN = secret({**ALL_SECRETS, "webhook.admin.token": "sesame"})


def head(length: int, **headers: str) -> bytes:
    given = {"Host": "operator", "Content-Length": str(length), "X-GitHub-Event": "push", **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"POST /webhook HTTP/1.1\r\n{lines}\r\n".encode()


# Who is believed


@pytest.mark.parametrize("name", EVERY)
async def test_a_push_of_each_server_has_its_repository_looked_at(name: str) -> None:
    make, data = EVERY[name]
    door = Door(secret(data))
    async with opened(door):
        answer = await door.send(make())
    assert (answer.status, len(door.pushed)) == (202, 1)
    assert f"looked at: {URL}" in answer.text


@pytest.mark.parametrize("name", EVERY)
async def test_a_wrong_secret_is_refused_by_name(name: str) -> None:
    make, data = EVERY[name]
    door = Door(secret(dict.fromkeys(data, "another")))
    async with opened(door):
        answer = await door.send(make())
    assert (answer.status, door.pushed) == (401, [])
    assert "does not prove to know webhook." in answer.text
    assert SECRET not in answer.text


@pytest.mark.parametrize("name", EVERY)
async def test_without_a_secret_nobody_is_believed(name: str) -> None:
    door = Door()
    async with opened(door):
        answer = await door.send(EVERY[name][0]())
    assert (answer.status, door.pushed) == (403, [])
    assert "before webhook." in answer.text


async def test_a_setting_believes_those_without_a_secret_and_only_those() -> None:
    door = Door(secret({"webhook.gitlab.secret": "another"}), allows_anybody=True)
    async with opened(door):
        assert (await door.send(github(URL))).status == 202
        assert (await door.send(gitlab(URL))).status == 401


async def test_while_a_secret_is_replaced_the_old_and_the_new_are_good() -> None:
    door = Door(secret({"webhook.github.secret": "old"}), secret({"webhook.github.secret": SECRET}, "new"))
    async with opened(door):
        assert (await door.send(github(URL))).status == 202
        assert (await door.send(signed_by_github(github(URL), "old"))).status == 202


async def test_a_secret_counts_from_when_it_is_there() -> None:
    door = Door()
    async with opened(door):
        door.cache.bodies.append(ALL)
        door.webhooks.read()
        assert (await door.send(github(URL))).status == 202
        door.cache.bodies.clear()
        door.webhooks.read()
        assert (await door.send(github(URL))).status == 403


@pytest.mark.parametrize("body", [secret(ALL_SECRETS, namespace="team"), secret(ALL_SECRETS, kind="repository")])
async def test_a_secret_of_another_namespace_or_type_does_not_count(body: dict[str, object]) -> None:
    door = Door(body)
    async with opened(door):
        assert (await door.send(github(URL))).status == 403


def test_what_cannot_be_used_of_a_secret_is_named_without_its_value(caplog: pytest.LogCaptureFixture) -> None:
    body = secret({"webhook.github.secrets": "horse", "webhook.gitlab.secret": " ", "note": "horse"})
    body["data"]["webhook.gogs.secret"] = "no base64"
    caplog.set_level(logging.ERROR)
    Door(body)
    said = "\n".join(record.getMessage() for record in caplog.records)
    assert "Secret gitops/webhooks: webhook.github.secrets is no key of a webhook; there are" in said
    assert "webhook.gitlab.secret is empty" in said
    assert "webhook.gogs.secret is not text in base64" in said
    assert "horse" not in said
    assert "note" not in said


def test_the_same_complaint_is_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    door = Door(secret({"webhook.gitlab.secret": ""}))
    door.webhooks.read()
    assert len(caplog.records) == 1


async def test_before_the_secrets_were_read_a_delivery_is_asked_to_come_again() -> None:
    door = Door(ALL)
    door.secrets.known = None
    async with opened(door):
        assert (await door.send(github(URL))).status == 503


# What is answered


async def test_a_push_that_nobody_follows_is_accepted_and_says_so() -> None:
    door = Door(ALL)
    async with opened(door):
        answer = await door.send(github("https://git.example.com/team/other", "refs/tags/v1"))
    assert answer.status == 202
    assert "no Application follows refs/tags/v1 of https://git.example.com/team/other" in answer.text


async def test_another_event_is_ignored_and_says_so() -> None:
    door = Door(ALL)
    async with opened(door):
        answer = await door.send(github(URL, event="issues"))
    assert (answer.status, answer.text, door.pushed) == (200, "ignored: issues of GitHub is no push\n", [])


async def test_a_signed_ping_is_answered() -> None:
    door = Door(ALL)
    async with opened(door):
        answer = await door.send(github_ping())
    assert (answer.status, answer.text, door.pushed) == (200, "pong\n", [])


async def test_a_ping_with_a_wrong_secret_shows_that_it_is_wrong() -> None:
    door = Door(secret({"webhook.github.secret": "another"}))
    async with opened(door):
        assert (await door.send(github_ping())).status == 401


async def test_bitbuckets_test_of_a_connection_is_answered_though_it_is_not_signed() -> None:
    door = Door(ALL)
    async with opened(door):
        assert (await door.send(bitbucket_server_ping())).status == 200


async def test_a_request_of_nobody_is_malformed() -> None:
    door = Door(ALL)
    async with opened(door):
        answer = await door.post(b"{}", {"Content-Type": "application/json"})
    assert (answer.status, answer.text) == (400, "No header tells which Git server sends this.\n")


@pytest.mark.parametrize(
    "body, words",
    [(b"", "The body is not"), (b'{"ref": ', "The body is not"), (b'{"ref": "refs/heads/main"}', "`repository`")],
)
async def test_a_malformed_body_is_refused_with_what_is_wrong(body: bytes, words: str) -> None:
    door = Door(ALL)
    async with opened(door):
        answer = await door.send(signed_by_github(Sent({"X-GitHub-Event": "push"}, body)))
    assert (answer.status, door.pushed) == (400, [])
    assert words in answer.text


async def test_only_a_post_to_the_one_path_is_served() -> None:
    door = Door(ALL)
    async with opened(door):
        assert b" 405 " in await door.raw(b"GET /webhook HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert b" 404 " in await door.raw(b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")


async def test_every_delivery_is_counted_by_its_result() -> None:
    door = Door(secret({"webhook.github.secret": SECRET}))
    async with opened(door):
        await door.send(github(URL))
        await door.send(github("https://git.example.com/other"))
        await door.send(github_ping())
        await door.send(signed_by_github(github(URL), "another"))
        await door.send(gitlab(URL))
        await door.post(b"", {})
    assert door.counted() == {
        ("github", "accepted"): 1,
        ("github", "unmatched"): 1,
        ("github", "ignored"): 1,
        ("github", "refused"): 1,
        ("gitlab", "unconfigured"): 1,
        ("unknown", "malformed"): 1,
    }


# What the admin is told


async def test_the_admin_is_told_what_is_understood_of_a_push() -> None:
    door = Door(WITH_ADMIN)
    async with opened(door):
        answer = await door.send(github(URL), "?explain=1", **ADMIN)
    assert answer.status == 200
    assert {name: answer.json[name] for name in ("repositories", "revision", "changed", "lookedAt")} == {
        "repositories": [URL, f"{URL}.git", "git@git.example.com:team/shop.git"],
        "revision": "main",
        "changed": CHANGED,
        "lookedAt": [URL],
    }


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer other"}, {"Authorization": "Basic sesame"}])
async def test_nobody_else_is_told_even_with_a_good_signature(headers: dict[str, str]) -> None:
    door = Door(WITH_ADMIN)
    async with opened(door):
        answer = await door.send(github(URL), "?explain=1", **headers)
    assert (answer.status, door.pushed) == (403, [])


async def test_without_a_token_there_is_no_admin() -> None:
    door = Door(ALL)
    async with opened(door):
        assert (await door.send(github(URL), "?explain=1", Authorization="Bearer ")).status == 403


async def test_the_admin_may_try_a_body_without_its_signature() -> None:
    door = Door(WITH_ADMIN)
    async with opened(door):
        answer = await door.post(github(URL).body, {"X-GitHub-Event": "push", **ADMIN}, "?explain=1")
    assert answer.json["revision"] == "main"


async def test_of_another_event_the_admin_is_told_that_nothing_is_understood() -> None:
    door = Door(WITH_ADMIN)
    async with opened(door):
        answer = await door.send(github_ping(), "?explain=1", **ADMIN)
    assert (answer.status, answer.json["repositories"], answer.json["changed"]) == (200, [], [])


# What is bounded


async def test_a_body_may_have_25_mebibytes() -> None:
    door = Door(ALL)
    body = json.dumps({"repository": URL, "ref": "main"}).encode().ljust(LARGEST)
    async with opened(door):
        answer = await door.send(Sent({"X-Signature": f"sha256={digest(body)}"}, body))
    assert answer.status == 202


async def test_a_larger_body_is_refused_before_it_is_read() -> None:
    door = Door(ALL)
    async with opened(door):
        answer = await door.raw(head(LARGEST + 1))
    assert b" 413 " in answer
    assert b"larger than 25 MiB" in answer
    assert door.counted() == {("github", "too_large"): 1}


async def test_a_larger_body_that_does_not_say_its_size_is_refused_too() -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(27):
            yield bytes(1 << 20)

    door = Door(ALL)
    async with opened(door):
        with contextlib.suppress(ConnectionError):  # the door may close while we are still sending
            assert (await door.post(endless(), {"X-GitHub-Event": "push"})).status == 413
    assert door.counted() == {("github", "too_large"): 1}
    assert door.receiver._in_hand == 0


async def test_a_packed_body_is_not_unpacked() -> None:
    door = Door(ALL)
    sent = github(URL)
    body = gzip.compress(sent.body)
    async with opened(door):
        answer = await door.send(signed_by_github(Sent({**sent.headers, "Content-Encoding": "gzip"}, body)))
    assert answer.status == 400


async def test_a_body_that_comes_too_slowly_is_not_waited_for() -> None:
    door = Door(ALL, patience=0.5)
    async with opened(door):
        began = time.monotonic()
        answer = await door.raw(head(1000), b"{")
        assert time.monotonic() - began < 10
    assert b" 408 " in answer
    assert door.counted() == {("github", "too_slow"): 1}


@pytest.mark.parametrize("parts", [(b"",), (b"POST /webhook HTTP/1.1\r\nHost: a\r\n", b"X-A: b\r\n", b"X-C")])
async def test_a_connection_that_never_asks_anything_is_closed(parts: tuple[bytes, ...]) -> None:
    door = Door(ALL, patience=0.5)
    async with opened(door):
        assert await door.raw(*parts, pause=0.05) == b""


async def test_more_than_fits_at_once_is_asked_to_come_again() -> None:
    door = Door(ALL, patience=20.0)
    async with opened(door):
        waiting = [asyncio.create_task(door.raw(head(LARGEST), bytes(LARGEST - 1))) for _ in range(2)]
        await until(lambda: door.receiver._in_hand == 2 * (LARGEST - 1))
        with contextlib.suppress(ConnectionError):  # the door does not wait for the rest of it
            await door.raw(head(LARGEST), bytes(LARGEST - 1))
        assert (await door.send(generic(URL))).status == 202
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    assert door.counted()["github", "busy"] == 1


async def test_connections_beyond_what_is_held_are_closed_and_the_door_stays_open() -> None:
    door = Door(ALL, patience=30.0)
    async with opened(door):
        held = [await asyncio.open_connection("127.0.0.1", door.receiver.port) for _ in range(256)]
        assert await door.raw(b"") == b""
        for _, writer in held:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for _, writer in held))
        await until(lambda: door.connections < 256)
        answer = await door.send(github(URL))
    assert answer.status == 202


async def test_a_flood_is_answered_one_by_one_and_nothing_is_kept() -> None:
    door = Door(ALL)
    async with opened(door):
        answers = await asyncio.gather(*(door.send(github(URL)) for _ in range(200)))
    assert {answer.status for answer in answers} == {202}
    assert door.receiver._in_hand == 0


@pytest.mark.parametrize(
    "parts",
    [
        (head(1000), b"{"),
        (b"POST /webhook HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", b"3\r\n{}\n\r\n", b"zz\r\n"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",),
        (b"GARBAGE\r\n\r\n",),
    ],
)
async def test_whatever_strangers_send_does_not_fill_the_log(
    parts: tuple[bytes, ...], caplog: pytest.LogCaptureFixture
) -> None:
    door = Door(ALL, patience=0.5)
    caplog.set_level(logging.INFO)
    async with opened(door):
        _, writer = await asyncio.open_connection("127.0.0.1", door.receiver.port)
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0.05)
        writer.close()
        await until(lambda: door.connections == 0)
    assert caplog.records == []
    assert door.receiver._in_hand == 0


async def test_a_bug_is_in_the_log_and_an_answer(caplog: pytest.LogCaptureFixture) -> None:
    door = Door(ALL)
    del door.followed
    async with opened(door):
        answer = await door.send(github(URL))
    assert answer.status == 500
    assert "a webhook could not be answered" in caplog.text


# From the replica that does not lead to the one that does


async def test_a_replica_that_does_not_lead_passes_a_delivery_on() -> None:
    leader, standby = Door(ALL), Door(ALL)
    async with opened(leader, standby):
        standby.leader.leads, standby.leader.leader_address = False, leader.url.removesuffix("/webhook")
        answer = await standby.send(github(URL))
    assert (answer.status, len(leader.pushed), standby.pushed) == (202, 1, [])
    assert (leader.counted(), standby.counted()) == ({("github", "accepted"): 1}, {("github", "passed_on"): 1})


async def test_what_the_admin_asks_is_passed_on_with_its_answer() -> None:
    leader, standby = Door(WITH_ADMIN), Door(WITH_ADMIN)
    async with opened(leader, standby):
        standby.leader.leads, standby.leader.leader_address = False, leader.url.removesuffix("/webhook")
        answer = await standby.send(github(URL), "?explain=1", **ADMIN)
    assert (answer.status, answer.json["lookedAt"]) == (200, [URL])


async def test_nothing_is_passed_on_that_is_not_believed() -> None:
    leader, standby = Door(ALL), Door(ALL)
    async with opened(leader, standby):
        standby.leader.leads, standby.leader.leader_address = False, leader.url.removesuffix("/webhook")
        assert (await standby.send(signed_by_github(github(URL), "another"))).status == 401
    assert leader.counted() == {}


async def test_two_replicas_that_both_do_not_lead_do_not_play_ball() -> None:
    one, other = Door(ALL), Door(ALL)
    async with opened(one, other):
        for door, peer in ((one, other), (other, one)):
            door.leader.leads, door.leader.leader_address = False, peer.url.removesuffix("/webhook")
        assert (await one.send(github(URL))).status == 503
    assert (one.counted(), other.counted()) == ({("github", "passed_on"): 1}, {("github", "busy"): 1})


@pytest.mark.parametrize("address", ["", "http://127.0.0.1:1", "nonsense"])
async def test_a_leader_that_cannot_be_reached_is_an_answer_to_try_again(address: str) -> None:
    standby = Door(ALL)
    standby.leader.leads, standby.leader.leader_address = False, address
    async with opened(standby):
        answer = await standby.send(github(URL))
    assert answer.status == 503
    assert "leads" in answer.text or "lead," in answer.text
