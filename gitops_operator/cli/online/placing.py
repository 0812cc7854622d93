"""Where in a commit's files a field stands."""

from __future__ import annotations

import contextlib

from gitops_operator.model.change import Difference
from gitops_operator.model.resource import Origin
from gitops_operator.render.lines import Lines
from gitops_operator.source.interests import Resolved


class Files:
    """The lines of the files of a commit."""

    def __init__(self, resolved: Resolved) -> None:
        self._tree = resolved.tree
        self._lines: dict[str, Lines | None] = {}

    def placed(self, difference: Difference) -> Difference:
        """With the line of the field where that can be told, else of the object."""
        origin = difference.origin
        if origin is None or not origin.line or not difference.location:
            return difference
        lines, location = self._of(origin.file), difference.location
        line = lines.of(origin.line, location) if lines else origin.line
        if lines and line == origin.line and location[0] == "data":  # of a Secret that was written as stringData
            line = lines.of(line, ("stringData", *location[1:]))
        return difference._replace(origin=Origin(origin.file, line))

    def _of(self, file: str) -> Lines | None:
        if file not in self._lines:
            self._lines[file] = None
            with contextlib.suppress(KeyError):  # made by a tool, or behind a link
                self._lines[file] = Lines(self._tree.read(file))
        return self._lines[file]
