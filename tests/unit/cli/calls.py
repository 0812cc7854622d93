"""Commands called as a program calls them: what goes in, what comes out."""

import io
import json
from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from gitops_operator.cli.console import Console
from gitops_operator.cli.exits import Exit

Run = Callable[[Namespace, Console], Exit]
Json = dict[str, Any]


class Said(NamedTuple):
    """What a command printed, and how it ended."""

    code: Exit
    out: str
    err: str

    @property
    def records(self) -> list[Json]:
        """The lines of a batch."""
        return [json.loads(line) for line in self.out.splitlines()]


def call(run: Run, stdin: str | bytes = "", **arguments: Any) -> Said:
    """One call without a terminal; flags that are not named have their defaults."""
    data = stdin.encode() if isinstance(stdin, str) else stdin
    out, err = io.StringIO(), io.StringIO()
    defaults = {"batch": "", "filename": [], "live": [], "app": "", "output": "table", "lua": ""}
    code = run(Namespace(**{**defaults, **arguments}), Console(io.BytesIO(data), out, err, {}))
    return Said(code, out.getvalue(), err.getvalue())


def batch(run: Run, cases: Sequence[object]) -> Said:
    """One line a case; text goes in as it is."""
    lines = [case if isinstance(case, str) else json.dumps(case) for case in cases]
    return call(run, "".join(f"{line}\n" for line in lines), batch="-")


def one(run: Run, **case: Any) -> Json:
    """The answer to one case."""
    [found] = batch(run, [case]).records
    return found
