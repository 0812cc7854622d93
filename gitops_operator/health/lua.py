"""Health rules in Lua, in Argo CD's form: the script sees `obj` and returns `{status = …, message = …}`.

LuaJIT, because Argo CD's published scripts use both `goto` and `table.getn`, and no other Lua has both. Its compiler is
off, or the hook that counts instructions would not fire.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lupa.luajit21 import LuaError, LuaMemoryError, LuaRuntime, LuaSyntaxError, lua_type

from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.resource import Body

_MEMORY = 16 << 20  # bytes, the object itself among them
_STEPS = 20_000_000  # virtual instructions: some 100 ms
TOO_LONG = "it runs for too long"
_INVALID = "Lua returned an invalid health status"
_STATUSES = frozenset(map(str, HealthStatus))
_LONGEST_SOURCE = 256 << 10

# What a script may use is named here; whatever else the runtime has is not there for it. A protected call must not
# swallow the limits, and string functions that run in C, out of the count's sight, get bounded work.
_SANDBOX = """
local steps, too_long = ...
jit.off()
local sethook, safe_pcall, error, unpack, tostring = debug.sethook, pcall, error, unpack, tostring
local rep = string.rep
local exceeded = false
local function stop()
  exceeded = true
  error(too_long, 0)
end
local function passed(ok, ...)
  if exceeded then error(too_long, 0) end
  return ok, ...
end
local function bounded_rep(text, times, ...)
  if #tostring(text) * times > 1e6 then error("string.rep makes too long a text", 2) end
  return rep(text, times, ...)
end
local function only(from, names)
  local found = {}
  for name in names:gmatch("%S+") do found[name] = from[name] end
  return found
end
local function environment()
  local env = only(_G, "assert error getmetatable ipairs next pairs rawequal rawget rawset "
    .. "select tonumber tostring type unpack _VERSION")
  env.setmetatable = setmetatable
  env.pcall = function(...) return passed(safe_pcall(...)) end
  env.print = function() end
  env.table = only(table, "concat getn insert maxn remove sort")
  env.table.getn = function(list) return #list end
  env.table.unpack = unpack
  env.string = only(string, "byte char find format gmatch gsub len lower match reverse sub upper")
  env.string.rep = bounded_rep
  env.math = only(math, "abs ceil floor fmod huge max min modf pi pow sqrt")
  env.os = only(os, "date time clock difftime")
  env._G = env
  local modules = {table = env.table, string = env.string, math = env.math, os = env.os}
  env.require = function(name)
    return modules[name] or error("there is no module " .. tostring(name), 2)
  end
  return env
end
local string_methods = getmetatable("")
local load, setfenv, type = loadstring, setfenv, type
return function(source, name, obj)
  local script, problem = load(source, name)
  if script == nil then return "syntax", problem end
  local env = environment()
  env.obj = obj
  string_methods.__index = env.string
  string_methods.__metatable = false
  setfenv(script, env)
  sethook(stop, "", steps)
  local ok, result = safe_pcall(script)
  sethook()
  if not ok then return "error", tostring(result) end
  if type(result) ~= "table" then return type(result), nil end
  return "table", rawget(result, "status"), rawget(result, "message")
end
"""


@dataclass(frozen=True, slots=True)
class LuaRule:
    """A health rule; `name` says where it stands, for messages."""

    source: str
    name: str = "health.lua"

    def problem(self) -> str:
        """What is wrong with the script before any object is seen; "" for nothing."""
        if self._is_too_long:
            return self._too_long
        runtime = LuaRuntime(register_eval=False, register_builtins=False)
        try:
            runtime.compile(self.source)
        except LuaSyntaxError as error:
            return _words(self, str(error).replace('[string "<python>"]', self.name))
        return ""

    def assess(self, body: Body) -> Health | None:
        """What the script says of a live object; Unknown with its error where it fails, None where it returns nothing.

        Each call has a runtime of its own: nothing of one object is seen with the next.
        """
        if self._is_too_long:
            return Health(HealthStatus.UNKNOWN, self._too_long)
        try:
            answer = _run(self, body)
        except (LuaError, LuaMemoryError, UnicodeError) as error:
            return Health(HealthStatus.UNKNOWN, _words(self, _reason(error)))
        return _health(self, *answer)

    @property
    def _is_too_long(self) -> bool:
        return len(self.source) > _LONGEST_SOURCE

    @property
    def _too_long(self) -> str:
        return f"{self.name} is longer than {_LONGEST_SOURCE >> 10} KiB"


def _run(rule: LuaRule, body: Body) -> tuple[Any, ...]:
    runtime = LuaRuntime(unpack_returned_tuples=True, register_eval=False, register_builtins=False, max_memory=_MEMORY)
    run = runtime.execute(_SANDBOX, _STEPS, TOO_LONG)
    without = {name: value for name, value in body.get("metadata", {}).items() if name != "managedFields"}
    obj = runtime.table_from({**body, "metadata": without}, recursive=True)
    answer = run(rule.source, f"={rule.name}", obj)
    return answer if isinstance(answer, tuple) else (answer,)


def _health(rule: LuaRule, kind: str, status: Any = None, message: Any = None) -> Health | None:
    """The verdict of a script's answer, as Argo CD reads it."""
    if kind in {"syntax", "error"}:
        return Health(HealthStatus.UNKNOWN, _words(rule, str(status)))
    if kind == "nil" or (kind == "table" and status is None and message is None):
        return None
    if kind != "table":
        return Health(HealthStatus.UNKNOWN, _words(rule, f"expect table output from Lua script, not {kind}"))
    if status not in _STATUSES:
        return Health(HealthStatus.UNKNOWN, _INVALID)
    if message is not None and not isinstance(message, str):
        return Health(HealthStatus.UNKNOWN, _words(rule, f"the message is a {lua_type(message) or 'number'}, not text"))
    return Health(HealthStatus(status), message or "")


def _reason(error: Exception) -> str:
    if isinstance(error, LuaMemoryError):
        return f"it needs more than {_MEMORY >> 20} MiB of memory"
    return str(error)


def _words(rule: LuaRule, message: str) -> str:
    text = message.splitlines()[0] if message else "it fails"
    return text if text.startswith(rule.name) else f"{rule.name}: {text}"
