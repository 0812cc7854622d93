from collections.abc import Iterator
from pathlib import Path

import pytest

from devcluster.git_server import GitServer


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """The folder of the repositories that the Git server of a test serves."""
    folder = tmp_path / "served"
    folder.mkdir()
    return folder


@pytest.fixture
def server(served: Path) -> Iterator[GitServer]:
    with GitServer(served) as server:
        yield server


@pytest.fixture
def mirrors(tmp_path: Path) -> Path:
    """The folder of the mirrors of one test."""
    return tmp_path / "mirrors"
