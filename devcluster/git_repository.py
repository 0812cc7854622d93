"""Bare Git repositories for tests and the demo: commit, delete, branch, tag, force-push, empty, break."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import pygit2
from pygit2.enums import FileMode, ObjectType


class Symlink(str):
    """The target of a symbolic link, given in place of a file's text."""

    __slots__ = ()


Files: TypeAlias = Mapping[str, str | bytes | None]
_Node: TypeAlias = "dict[str, _Node] | str | bytes | None"


class GitRepository:
    """One bare repository; every method that commits returns the commit's full SHA."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._repository = pygit2.Repository(str(path))

    @classmethod
    def create(cls, folder: Path, name: str, *, branch: str = "main") -> "GitRepository":
        """Makes folder/name.git, empty, with HEAD on the branch."""
        path = folder / f"{name.removesuffix('.git')}.git"
        pygit2.init_repository(str(path), bare=True, initial_head=branch)
        return cls(path)

    @property
    def name(self) -> str:
        """The path below the server's root: `name.git`."""
        return self.path.name

    @property
    def default_branch(self) -> str:
        target = self._repository.lookup_reference("HEAD").raw_target
        return str(target.decode() if isinstance(target, bytes) else target).removeprefix("refs/heads/")

    def sha(self, revision: str = "HEAD") -> str:
        """The commit that a branch, tag or expression names."""
        return str(self._repository.revparse_single(revision).peel(pygit2.Commit).id)

    def files(self, revision: str = "HEAD") -> dict[str, str]:
        """The texts of a revision by path."""
        found: dict[str, str] = {}
        self._collect(self._repository.revparse_single(revision).peel(pygit2.Tree), "", found)
        return found

    def commit(self, files: Files, message: str = "change", *, branch: str | None = None) -> str:
        """Writes the files onto the branch; None removes a file, a Symlink makes a link."""
        reference = f"refs/heads/{branch or self.default_branch}"
        parent = self._tip(reference)
        return self._commit(reference, message, parent.tree if parent else None, files, [parent] if parent else [])

    def delete(self, *paths: str, branch: str | None = None) -> str:
        """Removes the files, or whole folders."""
        tree = self._repository.revparse_single(branch or self.default_branch).peel(pygit2.Tree)
        for path in paths:
            tree[path]  # a KeyError for a path that is not there
        return self.commit(dict.fromkeys(paths), "delete", branch=branch)

    def force_push(self, files: Files, message: str = "rewrite", *, branch: str | None = None) -> str:
        """Replaces the branch's history by one new commit that holds only these files."""
        return self._commit(f"refs/heads/{branch or self.default_branch}", message, None, files, [])

    def reset(self, revision: str, *, branch: str | None = None) -> str:
        """Moves the branch to a revision, as `git push --force` does."""
        return self._point(f"refs/heads/{branch or self.default_branch}", self.sha(revision))

    def empty(self, *, branch: str | None = None) -> str:
        """Commits an empty tree."""
        reference = f"refs/heads/{branch or self.default_branch}"
        parent = self._tip(reference)
        return self._commit(reference, "empty", None, {}, [parent] if parent else [])

    def branch(self, name: str, at: str = "HEAD") -> str:
        return self._point(f"refs/heads/{name}", self.sha(at))

    def delete_branch(self, name: str) -> None:
        self._repository.references.delete(f"refs/heads/{name}")

    def tag(self, name: str, at: str = "HEAD", *, annotated: bool = False) -> str:
        """Makes or moves a tag."""
        sha = self.sha(at)
        if not annotated:
            return self._point(f"refs/tags/{name}", sha)
        if f"refs/tags/{name}" in self._repository.references:
            self._repository.references.delete(f"refs/tags/{name}")
        self._repository.create_tag(name, pygit2.Oid(hex=sha), ObjectType.COMMIT, _signature(), name)
        return sha

    def delete_tag(self, name: str) -> None:
        self._repository.references.delete(f"refs/tags/{name}")

    def forget_everything(self) -> None:
        """Removes every branch and tag: the repository looks as if it had just been made."""
        for name in list(self._repository.references):
            self._repository.references.delete(name)

    def corrupt(self, revision: str = "HEAD") -> None:
        """Overwrites the objects of the revision's files with garbage; the server then cannot serve them."""
        entries: set[str] = set()
        self._collect_ids(self._repository.revparse_single(revision).peel(pygit2.Tree), entries)
        for sha in entries:
            loose = self.path / "objects" / sha[:2] / sha[2:]
            if loose.exists():
                loose.chmod(0o600)
                loose.write_bytes(b"garbage")

    def _tip(self, reference: str) -> pygit2.Commit | None:
        found = self._repository.references.get(reference)
        return found.peel(pygit2.Commit) if found else None

    def _commit(
        self,
        reference: str,
        message: str,
        base: pygit2.Tree | None,
        files: Files,
        parents: list[pygit2.Commit],
    ) -> str:
        tree = self._write_tree(base, _nested(files))
        who = _signature()
        ids = [parent.id for parent in parents]
        # Without a reference name: libgit2 refuses to move a branch to a commit that is not its child.
        commit = self._repository.create_commit(None, who, who, message, tree, ids)
        return self._point(reference, str(commit))

    def _point(self, reference: str, sha: str) -> str:
        self._repository.references.create(reference, sha, force=True)
        return sha

    def _write_tree(self, base: pygit2.Tree | None, changes: Mapping[str, _Node]) -> pygit2.Oid:
        builder = self._repository.TreeBuilder(base) if base is not None else self._repository.TreeBuilder()
        for name, node in changes.items():
            if isinstance(node, dict):
                below = base[name] if base is not None and name in base else None
                tree = self._write_tree(below if isinstance(below, pygit2.Tree) else None, node)
                if self._has_entries(tree):
                    builder.insert(name, tree, FileMode.TREE)
                elif below is not None:
                    builder.remove(name)
            elif node is None:
                builder.remove(name)
            else:
                self._insert(builder, name, node)
        return builder.write()

    def _has_entries(self, tree: pygit2.Oid) -> bool:
        found = self._repository[tree]
        return isinstance(found, pygit2.Tree) and len(found) > 0

    def _insert(self, builder: pygit2.TreeBuilder, name: str, content: str | bytes) -> None:
        mode = FileMode.LINK if isinstance(content, Symlink) else FileMode.BLOB
        data = content.encode() if isinstance(content, str) else content
        builder.insert(name, self._repository.create_blob(data), mode)

    def _collect(self, tree: pygit2.Tree, prefix: str, found: dict[str, str]) -> None:
        for entry in tree:
            path = f"{prefix}{entry.name}"
            if isinstance(entry, pygit2.Tree):
                self._collect(entry, f"{path}/", found)
            elif isinstance(entry, pygit2.Blob):
                found[path] = entry.data.decode(errors="replace")

    def _collect_ids(self, tree: pygit2.Tree, found: set[str]) -> None:
        for entry in tree:
            if isinstance(entry, pygit2.Tree):
                self._collect_ids(entry, found)
            elif isinstance(entry, pygit2.Blob):
                found.add(str(entry.id))


def _nested(files: Files) -> dict[str, _Node]:
    root: dict[str, _Node] = {}
    for path, content in files.items():
        *folders, name = path.split("/")
        below = root
        for folder in folders:
            node = below.setdefault(folder, {})
            if not isinstance(node, dict):
                raise TypeError(f"{folder!r} is a file and a folder at once")
            below = node
        below[name] = content
    return root


def _signature() -> pygit2.Signature:
    return pygit2.Signature("Dev Cluster", "devcluster@example.com", int(time.time()), 0)
