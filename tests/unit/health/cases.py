"""The cases of the data folder: `data/<Kind>/<status>-<why>.yaml`, where the file name is the expected answer."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from gitops_operator.health import Facts

DATA = Path(__file__).parent / "data"
FACTS = Facts(delayed_storage_classes=frozenset({"local-path"}), default_storage_class="local-path")
"""The cluster of all cases: its default class, local-path, is WaitForFirstConsumer, every other class is not."""


class Case(NamedTuple):
    """One live object and the status word it should get ("none": no health)."""

    name: str
    expected: str
    body: dict[str, Any]


@cache
def cases() -> tuple[Case, ...]:
    return tuple(_read(path) for path in sorted(DATA.glob("*/*.yaml")))


def body_of(name: str) -> dict[str, Any]:
    """A fresh copy of the object of `<Kind>/<status>-<why>`."""
    return _read(DATA / f"{name}.yaml").body


def _read(path: Path) -> Case:
    body: dict[str, Any] = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    return Case(f"{path.parent.name}/{path.stem}", path.stem.partition("-")[0], body)
