"""The files that a build by Kustomize reads, found by following its kustomization files."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field

from gitops_operator.errors import Problem
from gitops_operator.model.tree import Entry, EntryKind, Tree
from gitops_operator.render.copying import Part
from gitops_operator.render.kustomization import NAMES, Kustomization, Named, Reference, read_kustomization
from gitops_operator.render.links import LinkError, resolve

_MAX_FOLDERS = 500
_REMOTE_MARKS = ("://", "?ref=", "?version=", "git::", "git@", "github.com/", "github.com:", "gitlab.com/")


@dataclass(slots=True)
class Closure:
    """What was found: the part of the commit that is read, and everything that is wrong.

    `has_plugins` says that something in it may read files that nobody names.
    """

    tree: Tree
    part: Part = field(default_factory=Part)
    problems: list[Problem] = field(default_factory=list)
    has_plugins: bool = False
    _seen: set[str] = field(default_factory=set)

    def read(self, folder: str) -> Kustomization | None:
        """The kustomization of a folder; None where it has none."""
        names = [posixpath.join(folder, name) for name in NAMES]
        found = [name for name in names if self.tree.entry(name) is not None]
        if not found:
            self.part.missing.update(names)
            return None
        if len(found) > 1:
            also = " and ".join(map(posixpath.basename, found))
            self.problems.append(Problem(folder, 0, 0, f"the folder holds {also}; Kustomize wants one of them"))
        real = self._file(found[0])
        kustomization = read_kustomization(self.tree.read(real) if real else b"", found[0])
        self.problems += [*kustomization.problems, *kustomization.refused()]
        return kustomization

    def follow(self, kustomization: Kustomization, folder: str, parents: tuple[str, ...] = ()) -> None:
        """Take in all that a kustomization names, and what that names."""
        self._seen.add(folder)
        self.has_plugins = self.has_plugins or kustomization.has_plugins
        for reference in kustomization.references():
            message = self._take(folder, reference, (*parents, folder))
            if message:
                self.problems.append(kustomization.problem(reference.pointer, f"{reference.path}: {message}"))

    def _take(self, folder: str, reference: Reference, parents: tuple[str, ...]) -> str:
        """Take in one reference; gives what is wrong with it."""
        if reference.path.startswith("/"):
            return "an absolute path; what a kustomization names is relative to its folder"
        try:
            real, entry, links = resolve(self.tree, posixpath.join(folder, reference.path))
        except LinkError as error:
            return str(error)
        self.part.links.update(links)
        return self._missing(reference, real) if entry is None else self._found(reference, entry, parents)

    def _found(self, reference: Reference, entry: Entry, parents: tuple[str, ...]) -> str:
        if entry.kind is EntryKind.FILE:
            self.part.files.add(entry.path)
            return ""
        if entry.kind is not EntryKind.FOLDER:
            return "a Git submodule, which this version does not read"
        if reference.named is not Named.ANY:
            return "a folder, where a file is wanted"
        if entry.path in parents:
            way = " → ".join(one or "/" for one in (*parents[parents.index(entry.path) :], entry.path))
            return f"leads in a circle: {way}"
        return "" if entry.path in self._seen else self._enter(entry.path, parents)

    def _enter(self, folder: str, parents: tuple[str, ...]) -> str:
        if len(self._seen) >= _MAX_FOLDERS:
            return f"more than {_MAX_FOLDERS} kustomizations are built from one another"
        kustomization = self.read(folder)
        if kustomization is None:
            return f"there is no kustomization.yaml in {folder or 'the root of the repository'}"
        self.follow(kustomization, folder, parents)
        return ""

    def _missing(self, reference: Reference, path: str) -> str:
        if reference.named is Named.TEXT_OR_FILE and (":" in reference.path or "\n" in reference.path):
            return ""  # the patch itself
        self.part.missing.add(path)
        if any(mark in reference.path for mark in _REMOTE_MARKS):
            return (
                "what stands elsewhere is not fetched while a kustomization is built: nobody would know what it gives "
                "tomorrow; copy it into the repository"
            )
        return f"not found; there is no {path} in the repository"

    def _file(self, path: str) -> str:
        """Where a file really stands, "" where it is none."""
        try:
            real, entry, links = resolve(self.tree, path)
        except LinkError as error:
            self.problems.append(Problem(path, 0, 0, str(error)))
            return ""
        self.part.links.update(links)
        if entry is None or entry.kind is not EntryKind.FILE:
            self.problems.append(Problem(path, 0, 0, "this is no file"))
            return ""
        self.part.files.add(real)
        return real
