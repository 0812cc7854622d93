"""The results as a table for people and as JSON for programs, with the machine they are from."""

import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.rows import Result

_HEAD = ("", "what", "median (min–max)", "yardstick", "ratio (min–max)", "target", "")


def table(results: Sequence[Result]) -> str:
    """In Markdown, aligned."""
    lines = [_HEAD, *(_cells(result) for result in results)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
    rows = [_line(line, widths) for line in lines]
    return "\n".join([rows[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *rows[1:]])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"


def as_json(results: Sequence[Result], machine: str) -> dict[str, Any]:
    """Every reading of every round."""
    return {"machine": machine, "rows": [_as_json(result) for result in results]}


def machine() -> str:
    """Date, commit, processor, versions and load: without them a figure means nothing."""
    now = datetime.now(UTC)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"{now:%Y-%m-%d %H:%M} UTC, commit {_commit()}, {_processor()} × {os.cpu_count()}, {memory:.0f} GB, "
        f"Linux {platform.release()}, Python {platform.python_version()}, load {load}"
    )


def missed(results: Sequence[Result]) -> list[str]:
    """The rows that do not reach their targets."""
    return [f"{result.benchmark} {result.row.name}" for result in results if _verdict(result) == "missed"]


def _cells(result: Result) -> tuple[str, ...]:
    row = result.row
    beside = [reading.yardstick for reading in result.readings if reading.yardstick is not None]
    yardstick = f"{row.yardstick}: {_number(median(beside))} {row.unit}" if beside else "–"
    ratios = _spread([reading.ratio for reading in result.readings]) if beside else "–"
    subject = f"{_spread([reading.subject for reading in result.readings])} {row.unit}"
    return result.benchmark, row.name, subject, yardstick, ratios, _target(result), _verdict(result)


def _target(result: Result) -> str:
    target = result.row.target
    if target is None:
        return "–"
    sign = "≥" if target.at == "least" else "≤"
    return f"{sign} {_number(target.limit)} {'× yardstick' if target.of == 'ratio' else result.row.unit}"


def _verdict(result: Result) -> str:
    target = result.row.target
    if target is None:
        return ""
    values = [reading.ratio if target.of == "ratio" else reading.subject for reading in result.readings]
    return "met" if target.is_met(median(values)) else "missed"


def _spread(values: Sequence[float]) -> str:
    return f"{_number(median(values))} ({_number(min(values))}–{_number(max(values))})"


def _number(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _as_json(result: Result) -> dict[str, Any]:
    row, target = result.row, result.row.target
    return {
        "benchmark": result.benchmark,
        "name": row.name,
        "unit": row.unit,
        "yardstick": row.yardstick,
        "target": target._asdict() if target else None,
        "verdict": _verdict(result),
        "readings": [reading._asdict() for reading in result.readings],
    }


def _commit() -> str:
    asked = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    here = Path(__file__).parent
    answer = subprocess.run(asked, cwd=here, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or "unknown"


def _processor() -> str:
    return next(_models(), platform.machine())


def _models() -> Iterator[str]:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            yield value.strip()
