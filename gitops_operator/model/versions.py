"""Semantic versions and ranges of them, by the rules that Helm, Argo CD and Flux have (those of Masterminds/semver).

No Python library has these rules: npm's, which some have, let `>=1.0.0-0` choose no pre-release but those of 1.0.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

_SUFFIX = r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
_VERSION = re.compile(rf"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?{_SUFFIX}")
_PART = r"(\d+|[xX*])"
_COMPARATOR = re.compile(rf"\s*(!=|>=|=>|<=|=<|~>|[=<>~^]|)\s*v?{_PART}(?:\.{_PART})?(?:\.{_PART})?{_SUFFIX}")
_SEPARATOR = re.compile(r"\s*(?:,|\s|$)")
_BETWEEN = re.compile(r"\s*(\S+)\s+-\s+(\S+)\s*")
_LONGEST = 512
_DIGITS = 20  # of one number

# Versions are compared as tuples: major, minor, patch, 0 for a pre-release or 1, its parts. A shorter tuple comes
# before all that begin like it, a longer one right behind: so bounds are tuples, too.
_Key = tuple[Any, ...]
_FIRST: _Key = ()
_LAST: _Key = (float("inf"),)


class Version(NamedTuple):
    """One version; `key` orders them, without the build that follows a `+`."""

    key: _Key
    is_prerelease: bool


class _Interval(NamedTuple):
    low: _Key = _FIRST
    high: _Key = _LAST


class _Group(NamedTuple):
    """Comparators that hold together; each is a choice of intervals."""

    comparators: tuple[tuple[_Interval, ...], ...]
    takes_prereleases: bool

    def holds(self, key: _Key) -> bool:
        return all(any(low <= key < high for low, high in intervals) for intervals in self.comparators)


class Range(NamedTuple):
    """A range as `>=1.0 <2`, `1.2.*`, `^1.2 || ~2.3.1`."""

    groups: tuple[_Group, ...]

    def holds(self, version: Version, *, prereleases: bool = False) -> bool:
        """Whether it is inside; pre-releases are, where the range names one or they are asked for."""
        return any(
            (prereleases or group.takes_prereleases or not version.is_prerelease) and group.holds(version.key)
            for group in self.groups
        )

    def best(self, names: Iterable[str], *, prereleases: bool = False) -> str | None:
        """The name of the highest version inside, or None; what is no version does not count."""
        inside = [
            (version.key, name) for version, name in versions_of(names) if self.holds(version, prereleases=prereleases)
        ]
        return max(inside)[1] if inside else None

    def nearest(self, names: Iterable[str], each: int = 2) -> list[str]:
        """The names of the versions that lie around it."""
        low = min(interval.low for group in self.groups for one in group.comparators for interval in one)
        ordered = sorted((version.key, name) for version, name in versions_of(names))
        place = sum(key < low for key, _ in ordered)
        return [name for _, name in ordered[max(place - each, 0) : place + each]]


def versions_of(names: Iterable[str]) -> Iterator[tuple[Version, str]]:
    """The names that are versions."""
    for name in names:
        version = parse_version(name)
        if version is not None:
            yield version, name


def parse_version(text: str) -> Version | None:
    """A version, perhaps with a `v` before it and without its last parts; None is none."""
    match = _VERSION.fullmatch(text)
    if match is None or any(len(part or "") > _DIGITS for part in match.groups()[:3]):
        return None
    numbers = [int(part or 0) for part in match.groups()[:3]]
    return Version(_key(numbers, match[4] or ""), bool(match[4]))


def parse_range(text: str) -> Range | None:
    """A range; None for what is none, and for a single version, which is a name as any other."""
    if len(text) > _LONGEST or parse_version(text) is not None:
        return None
    groups = [_group(_BETWEEN.sub(r">=\1 <=\2 ", part)) for part in text.split("||")]
    known = [group for group in groups if group is not None]
    return Range(tuple(known)) if len(known) == len(groups) else None


def _group(text: str) -> _Group | None:
    comparators, takes_prereleases, position = [], False, 0
    while position < len(text.rstrip()):
        match = _COMPARATOR.match(text, position)
        separator = _SEPARATOR.match(text, match.end()) if match else None
        if match is None or separator is None:
            return None
        operator, *parts, prerelease = match.groups()
        numbers = _numbers(parts)
        comparators.append(_intervals(operator, numbers, _key(_filled(numbers), prerelease or "")))
        takes_prereleases = takes_prereleases or bool(prerelease)
        position = separator.end()
    return _Group(tuple(comparators), takes_prereleases) if comparators else None


def _numbers(parts: list[str | None]) -> list[int]:
    """Up to the first that is left out or a wildcard."""
    numbers = []
    for part in parts:
        if part is None or not part.isdigit() or len(part) > _DIGITS:
            break
        numbers.append(int(part))
    return numbers


def _filled(numbers: list[int]) -> list[int]:
    return [*numbers, 0, 0, 0][:3]


def _intervals(operator: str, numbers: list[int], key: _Key) -> tuple[_Interval, ...]:
    """What a comparator lets in; `key` is that of its version, with zeros for what is left out."""
    is_whole = len(numbers) == 3
    behind = (*key, 0) if is_whole else _next(numbers)
    if operator in {"<", ">="}:
        return (_Interval(high=key),) if operator == "<" else (_Interval(key),)
    if operator in {">", "<=", "=<"}:
        return (_Interval(behind),) if operator == ">" else (_Interval(high=behind),)
    if operator == "=>":
        return (_Interval(key),)
    if operator == "!=":
        return (_Interval(high=key), _Interval(behind))
    if operator == "^":
        return (_Interval(key, _next(_until_significant(numbers))),)
    if is_whole and operator in {"", "="}:
        return (_Interval(key, behind),)
    return (_Interval(key, _next(numbers[:2])),)


def _until_significant(numbers: list[int]) -> list[int]:
    """`^` lets all change behind the first number that is not 0."""
    first = next((place for place, number in enumerate(numbers) if number), len(numbers) - 1)
    return numbers[: first + 1]


def _next(numbers: list[int]) -> _Key:
    """The lowest that does not begin with these numbers and is higher; its pre-releases count as its own."""
    return (*numbers[:-1], numbers[-1] + 1) if numbers else _LAST


def _key(numbers: list[int], prerelease: str) -> _Key:
    if not prerelease:
        return (*numbers, 1)
    parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in prerelease.split("."))
    return (*numbers, 0, parts)
