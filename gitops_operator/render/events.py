"""The events of a YAML text: from libyaml, or from the parser in Python that knows a rule which libyaml does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from _ruamel_yaml import CParser
from ruamel.yaml import YAML

MAX_SLOW = 1024 * 1024
"""Characters of a file that the parser in Python, 20 times slower, may be given."""


def events(text: str) -> Iterable[Any]:
    """Events of ruamel's C parser, one by one."""
    return iter(CParser(text).get_event, None)


def slow_events(text: str) -> Iterator[Any]:
    """The same from ruamel's parser in Python."""
    parser = YAML(typ="safe", pure=True)
    parser.version = (1, 1)
    yield from parser.parse(text)
