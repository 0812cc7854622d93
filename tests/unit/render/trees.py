"""A commit's files, made of a table: what stands where, links and submodules among it."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field

from gitops_operator.model.tree import Entry, EntryKind

REPOSITORY = "https://git.example.com/shop.git"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass(frozen=True)
class Link:
    """A symbolic link."""

    target: str


SUBMODULE = object()


@dataclass
class FakeTree:
    """The Tree of a table of files; counts what is read."""

    entries: dict[str, Entry]
    contents: dict[str, bytes]
    repository: str = REPOSITORY
    commit: str = COMMIT
    reads: list[str] = field(default_factory=list)

    def entry(self, path: str) -> Entry | None:
        return self.entries.get(path)

    def folder(self, path: str) -> list[Entry]:
        if self.entries[path].kind is not EntryKind.FOLDER:
            raise KeyError(path)
        return [entry for name, entry in sorted(self.entries.items()) if name and posixpath.dirname(name) == path]

    def read(self, path: str) -> bytes:
        self.reads.append(path)
        return self.contents[path]


def tree_of(files: Mapping[str, str | bytes | Link | object], *, commit: str = COMMIT) -> FakeTree:
    """A tree of texts, bytes, links and submodules by path."""
    entries, contents = {}, {}
    for path, content in files.items():
        if content is SUBMODULE:
            entries[path] = Entry(path, "f" * 40, EntryKind.SUBMODULE)
            continue
        kind = EntryKind.LINK if isinstance(content, Link) else EntryKind.FILE
        contents[path] = _bytes(content.target if isinstance(content, Link) else content)
        entries[path] = Entry(path, _id(kind.value.encode() + contents[path]), kind)
    return FakeTree(entries | _folders(entries), contents, commit=commit)


def _folders(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    names = {""}
    for path in entries:
        while path := posixpath.dirname(path):
            names.add(path)
    return {name: Entry(name, _folder_id(name, entries), EntryKind.FOLDER) for name in names}


def _folder_id(folder: str, entries: Mapping[str, Entry]) -> str:
    start = f"{folder}/" if folder else ""
    inside = [(path.removeprefix(start), entry.id) for path, entry in entries.items() if path.startswith(start)]
    return _id(repr(sorted(inside)).encode())


def _bytes(content: object) -> bytes:
    return content if isinstance(content, bytes) else str(content).encode()


def _id(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


def manifest(kind: str = "ConfigMap", name: str = "a", api_version: str = "v1", **metadata: str) -> str:
    """A small manifest."""
    lines = [f"apiVersion: {api_version}", f"kind: {kind}", "metadata:", f"  name: {name}"]
    return "\n".join([*lines, *(f"  {key}: {value}" for key, value in metadata.items())]) + "\n"
