"""What the documentation tells people to type, taken out of its pages and run."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.operator import ROOT

DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.rglob("*.md"), *(ROOT / "charts").glob("*/README.md")])
_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_HERE = re.compile(r"<<-?'?END'?\n(.*?)^ *END$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page that are marked with the language."""
    found = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return [text for _, marked, text in found if marked == language]


def script(page: Path, replaced: Mapping[str, str]) -> str:
    """All commands of a page, in order; each replacement has to be there."""
    text = "\n".join(blocks(page, "sh"))
    for old, new in replaced.items():
        assert old in text, f"{page.name} does not say {old!r} any more"
        text = text.replace(old, new)
    return text


def run(commands: str, environment: Mapping[str, str], *, timeout: float) -> str:
    """What the commands print, up to the first that fails; nothing that they started is left."""
    process = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=ROOT,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=timeout)
    finally:
        if process.returncode != 0:
            with suppress(ProcessLookupError):  # a command that failed has left nothing behind
                os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, f"exit code {process.returncode}: {said}"
    return said


def manifests(page: Path) -> Iterator[dict[str, Any]]:
    """Every object that a page shows: in blocks of YAML, and in commands that feed one to kubectl."""
    texts = [*blocks(page, "yaml"), *(text for block in blocks(page, "sh") for text in _HERE.findall(block))]
    for text in texts:
        for document in yaml.safe_load_all(text):
            if isinstance(document, dict) and "apiVersion" in document:
                yield document
