"""On which line of a file a field of one of its objects stands."""

from __future__ import annotations

from gitops_operator.model.fields_v1 import Location
from gitops_operator.render.places import Places
from gitops_operator.render.positions import Place, escape
from gitops_operator.render.yaml import read


class Lines:
    """The lines of one file; taken apart once, when somebody asks."""

    def __init__(self, data: bytes) -> None:
        self._places = Places(data)
        self._documents = [document.line for document in read(data, "").documents]

    def of(self, line: int, location: Location) -> int:
        """The line of a field of the object that begins on a line, or of the nearest thing around it."""
        document = max((start for start in self._documents if start <= line), default=line)
        places = self._places.of(document)
        root = "" if document == line else _root(places, line)
        pointer = root + "".join(f"/{escape(str(step))}" for step in location)
        while len(pointer) > len(root) and pointer not in places:
            pointer = pointer.rpartition("/")[0]
        return places[pointer].line if pointer in places and pointer != root else line


def _root(places: dict[str, Place], line: int) -> str:
    """The outermost value that begins on a line: an object in a List."""
    return min((pointer for pointer, place in places.items() if place.line == line), key=len, default="")
