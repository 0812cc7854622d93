"""Which tool renders which kind of source."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gitops_operator.render import kustomize
from gitops_operator.render.build import Build, Request
from gitops_operator.render.kinds import SourceKind
from gitops_operator.render.programs import Programs

_PREPARE: Mapping[SourceKind, Callable[[Request, Programs], Build]] = {SourceKind.KUSTOMIZE: kustomize.prepare}


def prepare(kind: SourceKind, request: Request, programs: Programs) -> Build:
    """A build of a source that is not plain files.

    Raises:
        RenderError: everything that keeps it from being built.
    """
    return _PREPARE[kind](request, programs)
