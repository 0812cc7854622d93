"""Nothing that is committed names the machine it was written on, a package registry, or work that is left over."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

MACHINE_PATHS = re.compile(r"(?<![\w.$}~-])/(?:work|root|farm|home/\w+|Users/\w+)/")
REGISTRY_HOSTS = re.compile(
    r"\b(?:(?:test\.)?pypi\.org|(?:files\.)?pythonhosted\.org|(?:proxy|sum|index)\.golang\.org|goproxy\.\w+"
    r"|registry\.npmjs\.org|(?:index\.)?crates\.io|rubygems\.org)\b"
)
LEFT_OVER = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b|\bfor now\b")

# Text of others, word for word: checksums, published manifests and answers of tools.
NOT_OURS = re.compile(r"(^|/)(go\.sum|go\.mod|LICENSE)$|\.lock$|/data/")


def committed() -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=True)
    return [ROOT / name for name in sorted(set(done.stdout.split("\0"))) if name and (ROOT / name).is_file()]


def lines_with(pattern: re.Pattern[str], *, ours_only: bool) -> list[str]:
    return [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for file in committed()
        if file != Path(__file__) and not (ours_only and NOT_OURS.search(str(file.relative_to(ROOT))))
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_file_names_a_path_of_a_machine() -> None:
    assert lines_with(MACHINE_PATHS, ours_only=False) == []


def test_no_file_names_the_host_of_a_package_registry() -> None:
    assert lines_with(REGISTRY_HOSTS, ours_only=False) == []


def test_nothing_is_left_for_later() -> None:
    assert lines_with(LEFT_OVER, ours_only=True) == []


@pytest.mark.parametrize(
    "pattern, text",
    [
        (MACHINE_PATHS, "see ~work~main~x"),
        (MACHINE_PATHS, "file:~~~root~.cache"),
        (MACHINE_PATHS, "cd ~home~somebody~src"),
        (REGISTRY_HOSTS, "--index-url https:~~pypi^org~simple"),
        (REGISTRY_HOSTS, "GOPROXY=https:~~proxy^golang^org,direct"),
        (LEFT_OVER, "# TODO: later"),
        (LEFT_OVER, "good enough for now"),
    ],
)
def test_a_leak_is_noticed(pattern: re.Pattern[str], text: str) -> None:
    """The samples are spelt with ~ and ^, so that this file itself leaks nothing."""
    assert pattern.search(text.replace("~", "/").replace("^", "."))
