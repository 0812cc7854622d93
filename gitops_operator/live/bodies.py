"""Whole objects, held small."""

from __future__ import annotations

from gitops_operator.live.sighting import decode_body
from gitops_operator.model.packing import Packed
from gitops_operator.model.resource import Body


class PackedBody(Packed):
    """One object."""

    __slots__ = ()

    def load(self) -> Body:
        """The whole object; a new value at each call."""
        return decode_body(self.text(), *self.codec.family)
