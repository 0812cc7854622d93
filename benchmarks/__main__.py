"""The command line: `python -m benchmarks [P1 …] [--rounds 5] [--json FILE]`."""

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.rows import Benchmark, Result, measured
from benchmarks.table import as_json, machine, missed, table


def main() -> int:
    """The exit code: 1 when a target is missed."""
    known = benchmarks()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure what we claim.")
    listed = "; ".join(f"{name}: {benchmark.says}" for name, benchmark in known.items())
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ones; all without a name. {listed}")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each (default: 5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every reading there, too")
    given = parser.parse_args()
    wrong = set(given.names) - set(known)
    if wrong or given.rounds < 1:
        parser.error(f"there are {', '.join(known)}, and at least one round")
    before = machine()
    results: list[Result] = []
    for name in given.names or known:
        results += measured(known[name], given.rounds, lambda line: print(line, file=sys.stderr, flush=True))
    print(f"{before}; {given.rounds} rounds each, interleaved with their yardsticks\n\n{table(results)}")
    if given.json:
        given.json.write_text(json.dumps(as_json(results, before), indent=1) + "\n", encoding="utf-8")
    return 1 if missed(results) else 0


def benchmarks() -> dict[str, Benchmark]:
    """Every module of this folder that measures something is named after its figure: p1_apply.py holds P1."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("p[0-9]*_*.py"))
    found = [import_module(f"benchmarks.{name}").BENCHMARK for name in names]
    return {benchmark.name: benchmark for benchmark in found}


if __name__ == "__main__":
    sys.exit(main())
