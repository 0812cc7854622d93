"""A program that renders runs apart from everything else: what it may take, and what it gets to see."""

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gitops_operator.errors import RenderError
from gitops_operator.render.build import Build
from gitops_operator.render.copying import Part
from gitops_operator.render.manifests import Manifests
from gitops_operator.render.programs import Program, ToolReason, find
from gitops_operator.render.tools import ToolLimits, Tools
from tests.adapters.rendering import Files, tools_in
from tests.adapters.source_following import until
from tests.unit.render.trees import Link, tree_of

FILES: Files = {"app/a.txt": "a", "app/link": Link("../other/b.txt"), "other/b.txt": "b", "not-named.txt": "c"}
PART = Part(files={"app/a.txt", "other/b.txt"}, links={"app/link"})


def script(text: str, files: Files = FILES, part: Part = PART) -> Build:
    """The work of a program in Python."""
    return Build(
        tool="script",
        program=Program(sys.executable, ()),
        arguments=("-c", text),
        tree=tree_of(files),
        folder="app",
        part=part,
        made={"app/made.txt": b"made"},
        digest="d",
        reads=(),
        understand=lambda _: Manifests(),
    )


@pytest.fixture
def tools(tmp_path: Path) -> Iterator[Tools]:
    with tools_in(tmp_path / "tools", ToolLimits(seconds=20, memory=256)) as tools:
        yield tools


async def failure(tools: Tools, build: Build) -> RenderError:
    with pytest.raises(RenderError) as caught:
        await tools.run(build)
    return caught.value


async def test_it_sees_the_files_that_are_named_and_no_others(tools: Tools) -> None:
    text = "import os; print(sorted(os.path.join(at, f) for at, _, fs in os.walk('..') for f in fs))"
    found = (await tools.run(script(text))).decode()
    assert found.strip() == "['../app/a.txt', '../app/link', '../app/made.txt', '../other/b.txt']"


async def test_a_link_leads_where_it_leads_in_git(tools: Tools) -> None:
    assert await tools.run(script("print(open('link').read())")) == b"b\n"


async def test_links_out_of_the_repository_are_not_there(tools: Tools) -> None:
    files = {**FILES, "app/out": Link("/etc/hostname"), "app/up": Link("../../secret")}
    text = "import os; print(os.path.lexists('out'), os.path.lexists('up'), os.path.lexists('a.txt'))"
    assert await tools.run(script(text, files, Part(folders={"app"}))) == b"False False True\n"


async def test_it_has_nothing_of_the_operators_environment(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    found = (await tools.run(script("import os; print(sorted(os.environ))"))).decode()
    assert found.strip() == "['GOMEMLIMIT', 'HOME', 'LC_ALL', 'PATH', 'TMPDIR']"


async def test_its_home_is_a_folder_of_its_own_that_goes_with_it(tools: Tools, tmp_path: Path) -> None:
    text = "import os; open(os.path.expanduser('~/x'), 'w').write('x'); print(os.path.expanduser('~'))"
    home = Path((await tools.run(script(text))).decode().strip())
    assert home.is_relative_to(tmp_path)
    assert list((tmp_path / "tools").iterdir()) == []


async def test_it_reaches_no_network_where_the_kernel_lets_us_cut_it_off(tools: Tools) -> None:
    if not await tools.without_network():
        pytest.skip("user namespaces are not allowed here; the operator says so in its log")
    text = "import socket; socket.create_connection(('127.0.0.1', 1), timeout=5)"
    assert "Network is unreachable" in (await failure(tools, script(text))).message


async def test_what_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    text = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
    with tools_in(tmp_path / "tools", ToolLimits(seconds=1.0)) as tools:
        error = await failure(tools, script(text))
    assert error.reason == ToolReason.TIMEOUT
    assert "it took more than 1 seconds, which the setting render-timeout allows" in error.message
    await until(lambda: not running(str(tmp_path)))  # whoever inherits what it started buries it


async def test_when_it_is_not_wanted_any_more_it_is_ended(tools: Tools, tmp_path: Path) -> None:
    mark = tmp_path / "began"
    text = f"import time; open({str(mark)!r}, 'w').close(); time.sleep(600)"
    task = asyncio.create_task(tools.run(script(text)))
    await until(mark.exists)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not running(str(tmp_path / "tools"))
    assert list((tmp_path / "tools").iterdir()) == []


async def test_what_prints_without_end_is_ended(tools: Tools) -> None:
    error = await failure(tools, script("while True: print('x' * 65536)"))
    assert "prints more than 32 MiB" in error.message


async def test_what_wants_too_much_memory_is_ended(tools: Tools) -> None:
    text = "import sys\ntry:\n  x = bytearray(400 << 20)\nexcept MemoryError:\n  sys.exit('cannot allocate memory')"
    until_bound = (
        "import resource, time\n"
        "while resource.getrlimit(resource.RLIMIT_DATA)[0] == resource.RLIM_INFINITY:\n"
        "    time.sleep(0.01)\n"
    )
    error = await failure(tools, script(until_bound + text))
    assert error.reason == ToolReason.OUT_OF_MEMORY
    assert "more than 256 MiB of memory, which the setting render-memory allows" in error.message


async def test_what_it_says_is_told_without_its_warnings_and_folders(tools: Tools, tmp_path: Path) -> None:
    text = "import os, sys; sys.exit('# Warning: old\\nError: ' + os.getcwd() + '/a.txt is wrong')"
    error = await failure(tools, script(text))
    assert error.message == "app: script: app/a.txt is wrong"
    assert not error.transient


async def test_what_ends_without_a_word_is_told(tools: Tools) -> None:
    assert (await failure(tools, script("import sys; sys.exit(3)"))).message.endswith(
        "it ended with 3 and said nothing"
    )


async def test_a_program_that_cannot_be_started_may_be_tried_again(tools: Tools) -> None:
    build = script("")
    tools._alone = ()  # else it is unshare that starts
    assert (await failure(tools, replace(build, program=Program("/nowhere", ())))).transient


async def test_a_file_in_git_lfs_is_told(tools: Tools) -> None:
    files = {**FILES, "app/a.txt": "version https://git-lfs.github.com/spec/v1\n"}
    assert "app/a.txt: the file is a Git LFS pointer" in (await failure(tools, script("", files))).message


async def test_files_that_are_too_much_are_told(tools: Tools) -> None:
    files = {**FILES, "app/a.txt": b"x" * (65 << 20)}
    assert "may not be larger than 64 MiB together" in (await failure(tools, script("", files))).message


async def test_what_a_run_that_was_killed_left_goes_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "tools" / "left").mkdir(parents=True)
    with tools_in(tmp_path / "tools") as tools:
        await tools.run(script(""))
    assert list((tmp_path / "tools").iterdir()) == []


def test_a_program_that_is_missing_is_told_with_what_to_install() -> None:
    with pytest.raises(RenderError) as caught:
        find("no-such-program", "kustomize-program", "kustomize 5")
    assert caught.value.reason == ToolReason.MISSING
    assert "install kustomize 5, or name it in the setting kustomize-program" in caught.value.message


def test_another_version_of_a_program_is_another_identity(tmp_path: Path) -> None:
    program = tmp_path / "kustomize"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    first = find(str(program), "kustomize-program", "kustomize 5")
    program.write_text("#!/bin/sh\n# newer\n")
    assert find(str(program), "kustomize-program", "kustomize 5").identity != first.identity


def running(folder: str) -> list[str]:
    """The processes that work below a folder."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            where = str((process / "cwd").readlink())
        except OSError:
            continue
        if process.name.isdigit() and where.startswith(folder):
            found.append(process.name)
    return found
