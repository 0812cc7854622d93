"""Health rules in Lua, in Argo CD's form."""

import pytest

from gitops_operator.health.lua import LuaRule
from gitops_operator.model.health import Health, HealthStatus
from tests.builders import Body, manifest

READY = {"type": "Ready", "status": "True", "message": "It is there."}
BY_CONDITION = """
local hs = {}
if obj.status ~= nil and obj.status.conditions ~= nil then
  for _, condition in ipairs(obj.status.conditions) do
    if condition.type == "Ready" and condition.status == "True" then
      hs.status = "Healthy"
      hs.message = condition.message
      return hs
    end
  end
end
hs.status = "Progressing"
hs.message = "Waiting"
return hs
"""


def gizmo(**status: object) -> Body:
    return manifest("example.com/v1", "Gizmo", "g", status=status)


def says(source: str, body: Body | None = None) -> Health | None:
    return LuaRule(source).assess(gizmo() if body is None else body)


def message_of(expression: str) -> str:
    health = says(f'return {{status = "Healthy", message = {expression}}}', gizmo(count=3, share=0.5, items=["a", "b"]))
    assert health is not None
    assert health.status is HealthStatus.HEALTHY, health
    return health.message


def error_of(source: str) -> str:
    health = says(source)
    assert health is not None
    assert health.status is HealthStatus.UNKNOWN
    return health.message


def test_the_script_decides() -> None:
    assert says(BY_CONDITION, gizmo(conditions=[READY])) == Health(HealthStatus.HEALTHY, "It is there.")
    assert says(BY_CONDITION) == Health(HealthStatus.PROGRESSING, "Waiting")


@pytest.mark.parametrize("status", list(HealthStatus))
def test_every_status_can_be_said(status: HealthStatus) -> None:
    assert says(f'return {{status = "{status}"}}') == Health(status)


@pytest.mark.parametrize("source", ["return nil", "return {}", ""])
def test_a_script_that_says_nothing_gives_no_health(source: str) -> None:
    assert says(source) is None


def test_a_word_that_is_no_status_is_unknown() -> None:
    assert error_of('return {status = "Fine"}') == "Lua returned an invalid health status"


def test_something_else_than_a_table_is_unknown() -> None:
    assert error_of("return 3") == "health.lua: expect table output from Lua script, not number"


@pytest.mark.parametrize(
    "source,words",
    [
        ("x = = 3", "health.lua:1: unexpected symbol"),
        ('\n\nerror("no such thing")', "health.lua:3: no such thing"),
        ("return obj.status.a.b", "health.lua:1: attempt to index field 'a'"),
    ],
)
def test_errors_name_the_line(source: str, words: str) -> None:
    assert words in error_of(source)


@pytest.mark.parametrize(
    "source",
    [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "local function f() return f() end f()",
    ],
)
def test_a_script_that_loops_for_ever_is_ended(source: str) -> None:
    assert error_of(source) == "health.lua: it runs for too long"


@pytest.mark.parametrize(
    "source",
    [
        'local t = {} while true do t[#t + 1] = ("x"):rep(1000) .. #t end',
        'local t = {} while true do pcall(function() t[#t + 1] = ("x"):rep(1000) .. #t end) end',
        "local t = {} while true do t[#t + 1] = {} end",
    ],
)
def test_a_script_that_eats_memory_is_ended(source: str) -> None:
    assert "memory" in error_of(source)


OUTSIDE = (
    "io debug jit ffi python load loadstring dofile getfenv setfenv os.execute os.exit os.getenv os.remove string.dump "
    "package coroutine collectgarbage newproxy"
)


@pytest.mark.parametrize("name", OUTSIDE.split())
def test_nothing_leads_out_of_the_sandbox(name: str) -> None:
    assert message_of(f"type({name})") == "nil"


def test_what_one_script_changes_the_next_does_not_see() -> None:
    says('string.format = nil; leaked = 1; getmetatable("").__index = nil')
    assert message_of('type(leaked) .. string.format("%d", 1)') == "nil1"


@pytest.mark.parametrize(
    "expression,expected",
    [
        ("tostring(obj.status.count)", "3"),
        ("tostring(obj.status.share)", "0.5"),
        ("tostring(#obj.status.items) .. table.concat(obj.status.items)", "2ab"),
        ("tostring(table.getn(obj.status.items))", "2"),
        ("type(obj.metadata.annotations)", "nil"),
        ("type(obj.metadata.managedFields)", "nil"),
        ('os.date("!%Y-%m-%d", 86400)', "1970-01-02"),
        ('require("os").date("!%Y", 0)', "1970"),
        ('("a,b"):gsub(",", ";")', "a;b"),
    ],
)
def test_scripts_have_what_argo_cd_gives_them(expression: str, expected: str) -> None:
    assert message_of(f"({expression})") == expected


def test_goto_works_beside_getn() -> None:
    source = 'goto done; do return {status = "Degraded"} end ::done:: return {status = "Healthy"}'
    assert says(source) == Health(HealthStatus.HEALTHY)


def test_a_message_that_is_no_text_is_unknown() -> None:
    assert "the message is a" in error_of('return {status = "Healthy", message = {}}')


def test_a_script_is_checked_before_any_object_is_seen() -> None:
    assert LuaRule(BY_CONDITION).problem() == ""
    assert LuaRule("\nx = = 3", "rules.lua").problem() == "rules.lua:2: unexpected symbol near '='"


def test_a_script_that_is_too_long_is_refused() -> None:
    assert "longer than 256 KiB" in LuaRule("-- " + "x" * (257 << 10)).problem()
