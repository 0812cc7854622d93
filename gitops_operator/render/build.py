"""One run of a tool, prepared: what it gets to see, how it is called, and the hash of what decides what it gives."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from gitops_operator.errors import Problem, RenderError
from gitops_operator.model.application import ApplicationKey, Source
from gitops_operator.model.tree import Tree
from gitops_operator.render import Read, Rendered
from gitops_operator.render.copying import Part, is_outside
from gitops_operator.render.manifests import Manifests
from gitops_operator.render.programs import Program


class Request(NamedTuple):
    """What is to be rendered, and for whom."""

    tree: Tree
    source: Source
    application: ApplicationKey
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Build:
    """A tool's work on a folder of a commit.

    `made` are files of our own, by their path in the copy of the repository; `reads` is what lies outside the folder.
    `understand` makes objects of what the tool prints; `is_whole_tree` says that the tool sees all of the commit.
    """

    tool: str
    program: Program
    arguments: tuple[str, ...]
    tree: Tree
    folder: str
    part: Part
    made: Mapping[str, bytes]
    digest: str
    reads: tuple[Read, ...]
    understand: Callable[[bytes], Manifests] = field(compare=False)
    is_whole_tree: bool = False

    def rendered(self, output: bytes) -> Rendered:
        """The desired objects that the tool printed.

        Raises:
            RenderError: everything that is wrong with them.
        """
        found = self.understand(output)
        if found.problems:
            raise self.failed(found.problems)
        return Rendered(found.resources, found.warnings, self.digest, self.reads, len(output))

    def failed(self, problems: tuple[Problem, ...], *, reason: str = "", transient: bool = False) -> RenderError:
        """The error that the tool's work ends with; it knows which files would mend it."""
        return RenderError(problems, reason=reason, transient=transient, reads=read_paths(self.reads))


def reads_of(tree: Tree, part: Part, folder: str) -> tuple[Read, ...]:
    """What of a part lies outside a folder, with its id."""
    return tuple(_read(tree, path) for path in part.paths if is_outside(path, folder))


def read_paths(reads: tuple[Read, ...]) -> frozenset[str]:
    """The paths of what was read."""
    return frozenset(read.path for read in reads)


def digest_of(tree: Tree, part: Part, *parameters: object) -> str:
    """A strong hash of parameters and of the content of a part."""
    content = [_read(tree, path) for path in part.paths]
    return hashlib.blake2b(json.dumps([parameters, content]).encode(), digest_size=20).hexdigest()


def _read(tree: Tree, path: str) -> Read:
    entry = tree.entry(path)
    return Read(path, entry.id if entry else "")
