"""What a benchmark says of itself, and what it measures: rows of a table, and a reading of each row a round."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Reading(NamedTuple):
    """One row in one round; the yardstick is measured in the same round, right before or after the subject."""

    subject: float
    yardstick: float | None = None

    @property
    def ratio(self) -> float:
        """Subject by yardstick; nan where there is none."""
        return self.subject / self.yardstick if self.yardstick else float("nan")


class Target(NamedTuple):
    """What the median over all rounds has to reach: at most (or at least) `limit`, of the subject or of the ratio."""

    limit: float
    of: str = "subject"
    at: str = "most"

    def is_met(self, value: float) -> bool:
        return value >= self.limit if self.at == "least" else value <= self.limit


@dataclass(frozen=True)
class Row:
    """One line of the table: what is measured, in which unit, beside which yardstick, and what it has to reach.

    A row without a target is there to be read.
    """

    name: str
    unit: str
    yardstick: str = ""
    target: Target | None = None


Round = Mapping[str, Reading]
"""A reading for each row, by the row's name."""


@dataclass(frozen=True)
class Benchmark:
    """`run` yields one round after another, so many as it is asked for, and cleans up when it is closed."""

    name: str
    says: str
    rows: Sequence[Row]
    run: Callable[[int], Iterator[Round]]


@dataclass(frozen=True)
class Result:
    """A row with its readings."""

    benchmark: str
    row: Row
    readings: Sequence[Reading]


def measured(benchmark: Benchmark, rounds: int, tell: Callable[[str], None]) -> list[Result]:
    """Runs a benchmark, telling of each round as it ends."""
    found: dict[str, list[Reading]] = {row.name: [] for row in benchmark.rows}
    for number, readings in enumerate(benchmark.run(rounds), start=1):
        for row in benchmark.rows:
            found[row.name].append(readings[row.name])
        said = "; ".join(f"{name}: {reading.subject:.4g}" + _beside(reading) for name, reading in readings.items())
        tell(f"{benchmark.name} round {number} of {rounds}: {said}")
    return [Result(benchmark.name, row, found[row.name]) for row in benchmark.rows]


def _beside(reading: Reading) -> str:
    return "" if reading.yardstick is None else f" beside {reading.yardstick:.4g}"
