import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from gitops_operator import logs

_log = logging.getLogger("gitops_operator.test")


@pytest.fixture(autouse=True)
def root_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def failing() -> None:
    with logs.context(application="apps/web"):
        logs.note(revision="1234567")
        raise ValueError("broken")


def test_a_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", "info")
    _log.warning("two\nlines of %s", "语")
    (line,) = lines(capsys)
    assert (line["level"], line["logger"], line["message"]) == ("warning", "gitops_operator.test", "two\nlines of 语")
    assert line["time"].endswith("+00:00")


def test_a_line_of_a_pass_carries_application_and_revision(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", "info")
    with logs.context(application="apps/web"):
        _log.info("before the commit is known")
        logs.note(revision="1234567")
        _log.info("after it")
    _log.info("elsewhere")
    found = [(line.get("application"), line.get("revision")) for line in lines(capsys)]
    assert found == [("apps/web", None), ("apps/web", "1234567"), (None, None)]


def test_a_pass_that_fails_leaves_nothing_behind(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", "info")
    with pytest.raises(ValueError):
        failing()
    _log.info("next")
    assert "application" not in lines(capsys)[0]


def test_what_is_noted_does_not_hide_the_line_itself(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", "info")
    with logs.context(message="no", level="no"):
        _log.info("yes")
    line = lines(capsys)[0]
    assert (line["message"], line["level"]) == ("yes", "info")


def test_a_failure_carries_its_traceback_in_the_same_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", "info")
    try:
        failing()
    except ValueError:
        _log.exception("a pass failed")
    (line,) = lines(capsys)
    assert "ValueError: broken" in line["traceback"]


def test_text_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("text", "info")
    with logs.context(application="apps/web"):
        logs.note(revision="1234567")
        _log.info("done")
    assert capsys.readouterr().err.endswith(
        " INFO    gitops_operator.test application=apps/web revision=1234567 done\n"
    )


def test_only_what_was_asked_for_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", "warning")
    _log.info("quiet")
    _log.warning("loud")
    assert [line["message"] for line in lines(capsys)] == ["loud"]


@pytest.mark.parametrize("name", ["kopf", "kubernetes_asyncio.client.rest", "aiohttp.access", "asyncio"])
def test_libraries_do_not_log_what_passes_through_them(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", "debug")
    logging.getLogger(name).info("response body: %s", "a Secret")
    assert lines(capsys) == []


def test_configuring_again_replaces_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("text", "info")
    logs.configure("json", "info")
    _log.info("once")
    assert len(lines(capsys)) == 1
