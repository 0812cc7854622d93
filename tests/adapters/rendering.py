"""Renders a table of files with the real programs, and by hand."""

import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from devcluster.binaries import ensure_packaging
from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.source_parsing import SpecProblems, parse_source
from gitops_operator.render import Rendered
from gitops_operator.render.build import Build, Request
from gitops_operator.render.kinds import kind_of
from gitops_operator.render.preparing import prepare
from gitops_operator.render.programs import Programs
from gitops_operator.render.tools import ToolLimits, Tools
from tests.builders import REPOSITORY
from tests.unit.render.trees import Link, tree_of

Files = Mapping[str, object]
Body = dict[str, Any]


def programs() -> Programs:
    return Programs(str(ensure_packaging() / "kustomize"))


def build_of(files: Files, path: str = "app", **source: Any) -> Build:
    """The work that a source of a spec is."""
    problems = SpecProblems()
    parsed = parse_source({"repoURL": REPOSITORY, "path": path, **source}, problems)
    assert problems == []
    request = Request(tree_of(files), parsed, ApplicationKey("gitops", "shop"), "web")
    return prepare(kind_of(request.tree, parsed), request, programs())


@contextmanager
def tools_in(folder: Path, limits: ToolLimits = ToolLimits()) -> Iterator[Tools]:  # noqa: B008 - immutable
    with ThreadPoolExecutor(1) as threads:
        yield Tools(folder, limits, threads)


async def rendered(folder: Path, files: Files, path: str = "app", **source: Any) -> Rendered:
    build = build_of(files, path, **source)
    with tools_in(folder / "tools") as tools:
        return build.rendered(await tools.run(build))


def bodies(rendered: Rendered) -> list[Body]:
    return [dict(resource.body) for resource in rendered.resources]


def checked_out(folder: Path, files: Files) -> Path:
    """The files on disk, as a user has them."""
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            place.symlink_to(content.target)
        else:
            place.write_text(str(content))
    return folder


def by_hand(*command: object, cwd: Path) -> list[Body]:
    """The objects that a program prints where a user calls it."""
    name, *arguments = map(str, command)
    done = subprocess.run(
        [str(ensure_packaging() / name), *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]
