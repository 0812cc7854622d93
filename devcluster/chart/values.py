"""values.yaml as the rows of a table: a key is described by the comment above it that begins with "--"."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

_KEY = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z]\w*):")
_COMMENT = re.compile(r"^ *# ?(?P<text>.*)$")
_MARK = "-- "


def rows_of_values(text: str) -> Sequence[str]:
    """A row for each key that has a description."""
    values = yaml.safe_load(text)
    return [f"| `{path}` | `{_shown(_at(values, path))}` | {says} |" for path, says in described_keys(text)]


def described_keys(text: str) -> Iterator[tuple[str, str]]:
    """Dotted path and description, in the order of the file."""
    parents: list[tuple[int, str]] = []
    comment: list[str] = []
    for line in text.splitlines():
        if found := _COMMENT.match(line):
            comment.append(found["text"])
        elif found := _KEY.match(line):
            indent = len(found["indent"])
            parents = [*(parent for parent in parents if parent[0] < indent), (indent, found["key"])]
            if comment and comment[0].startswith(_MARK):
                yield ".".join(name for _, name in parents), " ".join(comment).removeprefix(_MARK)
            comment = []
        else:
            comment = []


def undescribed(text: str) -> Sequence[str]:
    """Keys with a value that neither they nor a key above them describe."""
    described = {path for path, _ in described_keys(text)}
    return [
        path
        for path in _leaves(yaml.safe_load(text))
        if not any(path == one or path.startswith(f"{one}.") for one in described)
    ]


def _leaves(values: Any, path: str = "") -> Iterator[str]:
    if isinstance(values, dict) and values:
        for key, value in values.items():
            yield from _leaves(value, f"{path}.{key}" if path else key)
    else:
        yield path


def _at(values: Any, path: str) -> Any:
    for name in path.split("."):
        values = values[name]
    return values


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).replace("|", "\\|")
