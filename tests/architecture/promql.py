"""What a query of Prometheus names: series, their labels and the values it looks for. Enough of PromQL for ours."""

import re
from collections.abc import Iterator
from typing import NamedTuple

TARGET = frozenset({"job", "namespace", "instance", "pod"})
"""Labels that a scrape adds."""
_SELECTOR = re.compile(r"\b((?:gitops|process|job)[\w:]*)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
_GROUPING = re.compile(r"\b(?:by|on|without|group_left)\s*\(([^)]*)\)")
_NAME = re.compile(r"^(gitops|process)_|:")


class Selector(NamedTuple):
    """One series with what is asked of its labels; `values` are the words of each label that the query spells out."""

    name: str
    values: dict[str, set[str]]


def selectors(query: str) -> Iterator[Selector]:
    for name, matchers in _SELECTOR.findall(query):
        if _NAME.search(name):
            yield Selector(name, {label: set(words.split("|")) for label, _, words in _MATCHER.findall(matchers)})


def grouped_by(query: str) -> set[str]:
    """The labels that it groups or joins by."""
    return {label.strip() for labels in _GROUPING.findall(query) for label in labels.split(",") if label.strip()}
