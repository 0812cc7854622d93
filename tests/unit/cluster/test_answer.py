import json

import aiohttp

from gitops_operator.cluster.answer import ConnectionLostError, no_answer, refusal, warnings_of
from gitops_operator.errors import Cause


def status(code: int, message: str, **more: object) -> bytes:
    return json.dumps({"kind": "Status", "status": "Failure", "code": code, "message": message, **more}).encode()


def test_a_status_gives_reason_message_and_causes() -> None:
    cause = {"reason": "FieldManagerConflict", "message": 'conflict with "kubectl"', "field": ".spec.replicas"}
    error = refusal(409, status(409, "Apply failed with 1 conflict", reason="Conflict", details={"causes": [cause]}))
    assert (error.status, error.api_reason, error.message) == (409, "Conflict", "Apply failed with 1 conflict")
    assert error.causes == (Cause("FieldManagerConflict", 'conflict with "kubectl"', ".spec.replicas"),)
    assert not error.transient


def test_a_500_without_a_reason_keeps_its_message() -> None:
    error = refusal(500, status(500, "failed to create typed patch object (…): .spec.x: field not declared in schema"))
    assert error.api_reason == ""
    assert "field not declared" in error.message


def test_a_body_that_is_text_has_no_reason_word() -> None:
    error = refusal(404, b"404 page not found\n")
    assert (error.status, error.api_reason, error.message) == (404, "", "404 page not found")


def test_a_body_that_is_json_but_no_status_is_text_too() -> None:
    assert refusal(503, b'{"error": "upstream"}').api_reason == ""
    assert refusal(502, b"<html>\n<b>Bad gateway</b></html>").message == "<html> <b>Bad gateway</b></html>"
    assert refusal(502, b"\xff\xfe").status == 502
    assert refusal(500, b"").message == "HTTP 500 without a word"


def test_null_details_and_causes_are_nothing_special() -> None:
    error = refusal(422, status(422, "x", reason="Invalid", details={"causes": None}))
    assert (error.api_reason, error.causes) == ("Invalid", ())


def test_the_time_to_wait_comes_from_header_or_body() -> None:
    body = status(429, "busy", reason="TooManyRequests", details={"retryAfterSeconds": 3})
    assert refusal(429, body).retry_after == 3
    assert refusal(429, body, "7").retry_after == 7
    assert refusal(429, b"busy", "Wed, 21 Oct 2015 07:28:00 GMT").retry_after == 0
    assert refusal(429, body).transient


def test_silence_names_the_server_and_the_cause() -> None:
    error = no_answer("https://10.0.0.1:6443", TimeoutError())
    assert (error.status, error.transient) == (0, True)
    assert error.message == "No answer from https://10.0.0.1:6443: it did not answer in time."


def test_a_connection_that_died_is_told_from_one_that_never_was() -> None:
    assert isinstance(no_answer("h", aiohttp.ServerDisconnectedError()), ConnectionLostError)
    assert isinstance(no_answer("h", ConnectionResetError(104, "Connection reset by peer")), ConnectionLostError)
    assert not isinstance(no_answer("h", ConnectionRefusedError(111, "Connection refused")), ConnectionLostError)


def test_warnings_are_unquoted() -> None:
    assert warnings_of(['299 - "unknown field \\"spec.x\\""', '299 - "one", 299 - "two"']) == (
        'unknown field "spec.x"',
        "one",
        "two",
    )
