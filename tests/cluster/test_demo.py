"""The demo is what people see first: it must tell the truth about the operator, and end by itself."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]
ROOT = Path(__file__).parents[2]


def test_the_demo_shows_all_that_it_promises_and_leaves_nothing(tmp_path: Path) -> None:
    process = started(tmp_path)
    said, complaints = process.communicate(timeout=240)
    assert process.returncode == 0, said + complaints
    assert [what for what, _ in closing_table(said)] == [
        "five Applications from nothing to Synced and Healthy",
        "commit → applied (two waves)",
        "commit → Synced and Healthy",
        "drift → healed",
        "scaled to 5 by hand",
        "deletion → pruned",
        "approved → migrated, Synced and Healthy",
        "rollback by one command",
    ]
    corrected = r"DriftCorrected +ConfigMap demo-shop/settings was changed by kubectl-patch at \.data\.greeting"
    assert re.search(corrected, said)
    assert "hooks: PreSync migration: Succeeded; greeting: Hello from new tables" in said
    assert "greeting: Hello again   (Rolled back to" in said
    assert processes_of(tmp_path) == []


def test_a_demo_whose_operator_dies_fails_and_shows_the_end_of_its_log(tmp_path: Path) -> None:
    process = started(tmp_path)
    assert process.stdout
    assert any("Three Applications" in line for line in process.stdout)
    (operator,) = [pid for pid, command in processes_of(tmp_path) if "gitops_operator run" in command]
    os.kill(operator, signal.SIGKILL)
    said, complaints = process.communicate(timeout=120)
    assert process.returncode == 1, said
    obituary = r"The demo failed: the operator died \(signal 9\); the end of its log .*\n.*gitops_operator"
    assert re.search(obituary, complaints), complaints
    assert processes_of(tmp_path) == []


def started(folder: Path) -> "subprocess.Popen[str]":
    """The demo, whose own files and those of its operator are in the folder."""
    return subprocess.Popen(
        [sys.executable, "-m", "devcluster.demo"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def closing_table(said: str) -> list[tuple[str, str]]:
    rows = said.rpartition("== What it took")[2].splitlines()
    found = [re.fullmatch(r"(.+?)  +(\S.*)", row) for row in rows]
    return [(match[1], match[2]) for match in found if match and match[1] != "what" and "--" not in match[1]]


def processes_of(folder: Path) -> list[tuple[int, str]]:
    """Number and command line of the live processes that name the folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in command:
            found.append((int(entry.name), command))
    return found
