"""The manifest files of a folder of a commit, picked as Argo CD's directory sources pick them.

Hidden files and folders (`.github`, `.gitlab-ci.yml`) are left out. A link is followed inside the repository; a file
that is reached twice is read once.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from typing import NamedTuple

from gitops_operator.errors import Problem, RenderError
from gitops_operator.model.application import Directory
from gitops_operator.model.tree import Entry, EntryKind, Tree
from gitops_operator.render.copying import LFS_POINTER
from gitops_operator.render.globs import compile_glob
from gitops_operator.render.kustomization import NAMES
from gitops_operator.render.links import LinkError, resolve
from gitops_operator.render.paths import SourceReason

MAX_BYTES = 32 * 1024 * 1024
_MAX_FOLDERS = 100

_EXTENSIONS = (".yaml", ".yml", ".json")
_SKIP_MARK = b"+argocd:skip-file-rendering"
_CHART, _KUSTOMIZATION = "a Helm chart", "a kustomization"
_OTHER_SOURCES = {"Chart.yaml": _CHART, **dict.fromkeys(NAMES, _KUSTOMIZATION)}
_INSTEAD = {
    _CHART: "which this version does not render",
    _KUSTOMIZATION: "and not plain manifests: make it the path of an Application without source.directory, or leave it "
    "out with directory.exclude",
}


class SourceFile(NamedTuple):
    """One file of manifests; `path` is its own, from the root of the repository, also when a link led to it."""

    path: str
    data: bytes


class Listing(NamedTuple):
    """The files of a source in order; `links` are the paths outside the folder that decide what was read."""

    files: tuple[SourceFile, ...]
    warnings: tuple[Problem, ...] = ()
    links: frozenset[str] = frozenset()


def files_of(tree: Tree, folder: Entry, options: Directory) -> Listing:
    """Reads the manifest files of a folder.

    Raises:
        RenderError: everything that keeps files from being read.
    """
    walk = _Walk(tree, folder.path, options)
    walk.enter(folder.path, "", ())
    if walk.problems:
        reason = SourceReason.UNSUPPORTED if walk.is_other_source else ""
        raise RenderError(tuple(walk.problems), reason=reason)
    return Listing(tuple(walk.files), tuple(walk.warnings), frozenset(walk.links))


class _Walk:
    """One walk through a folder; collects instead of stopping."""

    def __init__(self, tree: Tree, root: str, options: Directory) -> None:
        self._tree = tree
        self._root = root
        self._recurse = options.recurse
        self._seen: set[str] = set()
        self._bytes = 0
        self.files: list[SourceFile] = []
        self.warnings: list[Problem] = []
        self.problems: list[Problem] = []
        self.links: set[str] = set()
        self.is_other_source = False
        self._is_included = self._glob(options.include, default=True)
        self._is_excluded = self._glob(options.exclude, default=False)

    def enter(self, path: str, name: str, parents: tuple[str, ...]) -> None:
        """Walks a folder: `path` is where it really stands, `name` what it is called from the source's path."""
        if path in self._seen:
            return
        self._seen.add(path)
        if len(parents) > _MAX_FOLDERS:
            self._problem(path, f"folders are nested more than {_MAX_FOLDERS} levels deep")
            return
        entries = [entry for entry in self._tree.folder(path) if not _name(entry.path).startswith(".")]
        if self._is_of_another_kind(entries, name):
            return
        for entry in entries:
            self._take(entry, posixpath.join(name, _name(entry.path)), (*parents, path))

    def _take(self, entry: Entry, name: str, parents: tuple[str, ...]) -> None:
        """Decides what to do with an entry; `name` is its path relative to the source's path."""
        if entry.kind is EntryKind.FILE:
            self._file(entry, name)
        elif entry.kind is EntryKind.LINK:
            self._link(entry, name, parents)
        elif self._recurse and entry.kind is EntryKind.FOLDER:
            self.enter(entry.path, name, parents)
        elif self._recurse and self._is_picked(name):
            message = "Git submodules are not supported by this version; name it in directory.exclude to leave it out"
            self._problem(entry.path, message)

    def _link(self, link: Entry, name: str, parents: tuple[str, ...]) -> None:
        if not self._is_picked(name) or not (self._recurse or name.endswith((*_EXTENSIONS, ".jsonnet"))):
            return
        try:
            path, target, links = resolve(self._tree, link.path)
        except LinkError as error:
            self._problem(link.path, str(error))
            return
        self.links.update(step for step in (*links, path) if self._is_outside(step))
        if target is None:
            self.warnings.append(Problem(link.path, 0, 0, "the symbolic link leads nowhere and is left out"))
        elif target.kind is EntryKind.FILE:
            self._file(target, name)
        elif target.path in parents:
            self._problem(link.path, f"the symbolic link leads back to the folder {target.path or '/'} that it is in")
        else:
            self._take(target, name, parents)

    def _file(self, entry: Entry, name: str) -> None:
        if entry.path in self._seen or not self._is_picked(name):
            return
        if name.endswith(".jsonnet"):
            self.warnings.append(Problem(entry.path, 0, 0, "Jsonnet is not rendered by this version; left out"))
        elif name.endswith(_EXTENSIONS) and self._bytes <= MAX_BYTES:
            self._seen.add(entry.path)
            self._read(entry.path)

    def _read(self, path: str) -> None:
        data = self._tree.read(path)
        self._bytes += len(data)
        if self._bytes > MAX_BYTES:
            self._problem(path, f"the manifests of one source may not be larger than {MAX_BYTES >> 20} MiB together")
        elif data.startswith(LFS_POINTER):
            self._problem(path, "the file is a Git LFS pointer; manifests in Git LFS are not supported")
        elif _SKIP_MARK not in data:
            self.files.append(SourceFile(path, data))

    def _is_of_another_kind(self, entries: list[Entry], folder: str) -> bool:
        for entry in entries:
            kind = _OTHER_SOURCES.get(_name(entry.path))
            if kind and self._is_picked(posixpath.join(folder, _name(entry.path))):
                self._problem(entry.path, f"the folder is {kind}, {_INSTEAD[kind]}")
                self.is_other_source = True
                return True
        return False

    def _is_picked(self, name: str) -> bool:
        return self._is_included(name) and not self._is_excluded(name)

    def _is_outside(self, path: str) -> bool:
        """Whether the digest of the source's folder says nothing about a path."""
        if not self._recurse:
            return posixpath.dirname(path) != self._root
        return bool(self._root) and path != self._root and not path.startswith(self._root + "/")

    def _glob(self, pattern: str, *, default: bool) -> Callable[[str], bool]:
        if pattern:
            try:
                return compile_glob(pattern)
            except ValueError as error:
                self._problem("", str(error))
        return lambda _name: default

    def _problem(self, path: str, message: str) -> None:
        self.problems.append(Problem(path, 0, 0, message))


def _name(path: str) -> str:
    return posixpath.basename(path)
