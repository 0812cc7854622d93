"""From a commit's files to the desired objects of an Application."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from gitops_operator.errors import Problem, RenderError
from gitops_operator.model.application import Directory
from gitops_operator.model.resource import Resource
from gitops_operator.model.tree import Entry, EntryKind, Tree
from gitops_operator.render.directory import SourceFile, files_of
from gitops_operator.render.manifests import Manifests, manifests_of
from gitops_operator.render.marks import known_by, mark_of, marks_of
from gitops_operator.render.paths import clean, folder_at

__all__ = ["Read", "Rendered", "Source", "is_current", "locate", "render", "render_source"]

VERSION = "directory-2"
"""Changes whenever equal files may give another render than before."""


class Read(NamedTuple):
    """A path outside the source's folder that a link led to, and the id of what stands there ("": nothing)."""

    path: str
    id: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """The desired objects before stamping, in the order of the files.

    `inputs` is a strong hash of everything that was read: equal inputs, equal render, in whatever repository. `reads`
    says what lies outside the folder, `size` how many bytes of manifests were read; `marks` says which file gave which
    objects ("": not known).
    """

    resources: tuple[Resource, ...]
    warnings: tuple[Problem, ...]
    inputs: str
    reads: tuple[Read, ...] = ()
    size: int = 0
    marks: bytes = field(default=b"", compare=False)


class Source(NamedTuple):
    """A folder of a commit, found, and the hash of all that it holds as far as the source reads it."""

    tree: Tree
    folder: Entry
    options: Directory
    digest: str


def _as_it_is(resource: Resource) -> Resource:
    return resource


def render(tree: Tree, path: str, directory: Directory) -> Rendered:
    """Reads all manifests of a folder.

    Raises:
        RenderError: every problem of every file, with file, line and column.
    """
    return render_source(locate(tree, path, directory))


def locate(tree: Tree, path: str, directory: Directory) -> Source:
    """Finds a source's folder without reading files.

    Raises:
        RenderError: there is no such folder.
    """
    wanted = clean(path)
    folder, found = folder_at(tree, wanted)
    links = [_read(tree, link) for link in found.links]
    content = folder.id if directory.recurse else _files_in(tree, folder.path)
    parameters = [directory.recurse, directory.include, directory.exclude]
    return Source(tree, folder, directory, _hash([VERSION, wanted, folder.path, links, content, parameters]))


def render_source(
    source: Source, pack: Callable[[Resource], Resource] = _as_it_is, before: Rendered | None = None
) -> Rendered:
    """Reads all manifests of a folder that was found, one file after the other; `pack` makes each object smaller.

    What `before`, an earlier render, has of a file that is still the same is taken from it.

    Raises:
        RenderError: every problem of every file, with file, line and column.
    """
    listing = files_of(source.tree, source.folder, source.options)
    known = known_by(before.marks, before.resources) if before is not None else {}
    marked = [(mark, _manifests(file, known.get(mark), pack)) for file, mark in _with_marks(listing.files)]
    manifests = [part for _, part in marked]
    problems = tuple(problem for part in manifests for problem in part.problems)
    if problems:
        raise RenderError(problems)
    reads = tuple(_read(source.tree, path) for path in sorted(listing.links))
    warnings = [*listing.warnings, *(warning for part in manifests for warning in part.warnings)]
    if not listing.files:
        warnings.append(Problem("", 0, 0, _nothing_found(source)))
    return Rendered(
        resources=tuple(resource for part in manifests for resource in part.resources),
        warnings=tuple(warnings),
        inputs=_inputs(source, reads),
        reads=reads,
        size=sum(len(file.data) for file in listing.files),
        marks=marks_of(marked),
    )


def _with_marks(files: Iterable[SourceFile]) -> Iterator[tuple[SourceFile, bytes]]:
    return ((file, mark_of(file)) for file in files)


def _manifests(file: SourceFile, known: tuple[Resource, ...] | None, pack: Callable[[Resource], Resource]) -> Manifests:
    if known is not None:
        return Manifests(known)
    manifests = manifests_of(file)
    return manifests._replace(resources=tuple(map(pack, manifests.resources)))


def is_current(rendered: Rendered, source: Source) -> bool:
    """Whether a source would give this render again, told from ids alone: no file is read."""
    return rendered.inputs == _inputs(source, tuple(_read(source.tree, path) for path, _ in rendered.reads))


def _inputs(source: Source, reads: tuple[Read, ...]) -> str:
    return _hash([source.digest, reads])


def _nothing_found(source: Source) -> str:
    entries = source.tree.folder(source.folder.path)
    has_folders = any(entry.kind is EntryKind.FOLDER for entry in entries) and not source.options.recurse
    hint = "; the folders in it are read with directory.recurse" if has_folders else ""
    return f"no manifests were found in {source.folder.path or 'the root of the repository'}{hint}"


def _files_in(tree: Tree, folder: str) -> list[Entry]:
    """What a folder that is not walked down holds itself."""
    return [entry for entry in tree.folder(folder) if entry.kind is not EntryKind.FOLDER]


def _read(tree: Tree, path: str) -> Read:
    entry = tree.entry(path)
    return Read(path, entry.id if entry else "")


def _hash(value: object) -> str:
    return hashlib.blake2b(json.dumps(value).encode(), digest_size=20).hexdigest()
