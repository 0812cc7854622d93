"""One render for a terminal: nothing is remembered, and a tool is waited for."""

from __future__ import annotations

import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gitops_operator.model.application import Directory
from gitops_operator.render import Rendered, render
from gitops_operator.render.build import Build, Request
from gitops_operator.render.kinds import SourceKind, kind_of
from gitops_operator.render.preparing import prepare
from gitops_operator.render.programs import Programs
from gitops_operator.render.tools import ToolLimits, Tools


def render_once(request: Request, programs: Programs = Programs()) -> Rendered:  # noqa: B008 - immutable
    """The objects of a source.

    Raises:
        RenderError: everything that is wrong.
    """
    source = request.source
    kind = kind_of(request.tree, source)
    if kind is SourceKind.DIRECTORY:
        return render(request.tree, source.path, source.directory or Directory())
    build = prepare(kind, request, programs)
    return build.rendered(asyncio.run(_run(build)))


async def _run(build: Build) -> bytes:
    with tempfile.TemporaryDirectory(prefix="gitops-render-") as folder, ThreadPoolExecutor(1) as threads:
        return await Tools(Path(folder) / "tools", ToolLimits(), threads).run(build)
