"""Globs as Argo CD's directory sources understand them (gobwas/glob without separators): `*` crosses slashes too.

Matched by sets of positions and not by regular expressions, so that no pattern takes more than length × length steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

_MAX_LENGTH = 1000
_MAX_BRACES = 20

Part = Callable[[str, set[int]], set[int]]
"""From the positions of a text that can be reached before a part of a glob to those after it."""


def compile_glob(pattern: str) -> Callable[[str], bool]:
    """A predicate over paths for `*`, `?`, `[a-z]`, `[!a-z]`, `{a,b}` (nested too), and backslashes before any of them.

    Raises:
        ValueError: the pattern is not complete; the message says what is missing.
    """
    if len(pattern) > _MAX_LENGTH:
        raise ValueError(f"a glob of more than {_MAX_LENGTH} characters")
    parts = _Parser(pattern).run()
    return lambda path: len(path) in _after(parts, path, {0})


def _after(parts: Iterable[Part], text: str, positions: set[int]) -> set[int]:
    for part in parts:
        positions = part(text, positions)
    return positions


def _star(text: str, positions: set[int]) -> set[int]:
    return set(range(min(positions), len(text) + 1)) if positions else positions


def _one_that(test: Callable[[str], bool]) -> Part:
    return lambda text, positions: {at + 1 for at in positions if at < len(text) and test(text[at])}


def _literal(character: str) -> Part:
    return _one_that(lambda other: other == character)


def _any_of(branches: list[list[Part]]) -> Part:
    return lambda text, positions: set().union(*(_after(branch, text, positions) for branch in branches))


class _Parser:
    """Reads a glob from left to right."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._index = 0

    def run(self) -> list[Part]:
        return self._sequence(0)

    def _sequence(self, depth: int) -> list[Part]:
        """Parts up to the end, or inside braces up to the comma or brace that ends the alternative."""
        parts: list[Part] = []
        while self._index < len(self._pattern):
            character = self._pattern[self._index]
            if depth and character in ",}":
                break
            self._index += 1
            parts.append(self._part(character, depth))
        return parts

    def _part(self, character: str, depth: int) -> Part:
        if character == "*":
            return _star
        if character == "?":
            return _one_that(bool)
        if character == "[":
            return self._characters()
        if character == "{":
            return self._alternatives(depth + 1)
        if character == "\\":
            return self._escaped()
        return _literal(character)

    def _alternatives(self, depth: int) -> Part:
        if depth > _MAX_BRACES:
            raise ValueError(f"the glob {self._pattern!r} nests braces more than {_MAX_BRACES} deep")
        branches = []
        while True:
            branches.append(self._sequence(depth))
            if self._index == len(self._pattern):
                raise ValueError(f"the glob {self._pattern!r} has a brace that is not closed")
            self._index += 1
            if self._pattern[self._index - 1] == "}":
                return _any_of(branches)

    def _escaped(self) -> Part:
        if self._index == len(self._pattern):
            raise ValueError(f"the glob {self._pattern!r} ends in a backslash")
        self._index += 1
        return _literal(self._pattern[self._index - 1])

    def _characters(self) -> Part:
        end = self._pattern.find("]", self._index + 1)
        if end < 0:
            raise ValueError(f"the glob {self._pattern!r} has a bracket that is not closed")
        inside = self._pattern[self._index : end]
        self._index = end + 1
        wanted = not inside.startswith("!")
        members = inside.removeprefix("!")
        if len(members) == 3 and members[1] == "-":
            low, high = members[0], members[2]
            return _one_that(lambda character: (low <= character <= high) == wanted)
        return _one_that(lambda character: (character in members) == wanted)
