"""Git's wire format, as far as listing references needs it: pkt-lines, protocol versions 0 and 2."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

_FLUSH = b"0000"
_DELIMITER = b"0001"
_PEELED = "^{}"
_LENGTH = re.compile(rb"[0-9a-fA-F]{4}")


class ProtocolError(ValueError):
    """The server said something that is not Git's protocol."""


def ls_refs(prefixes: Iterable[str]) -> bytes:
    """The request of protocol version 2 for the references that start with one of the prefixes."""
    head = b"".join(map(_line, ("command=ls-refs", "agent=gitops-operator", "object-format=sha1")))
    body = b"".join(map(_line, ("peel", "symrefs", *(f"ref-prefix {prefix}" for prefix in sorted(prefixes)))))
    return head + _DELIMITER + body + _FLUSH


def read_ls_refs(answer: bytes) -> dict[str, str]:
    """The commit (tags are peeled) of each reference in an answer to `ls_refs`."""
    if not answer.endswith(_FLUSH):
        raise ProtocolError("the list of references is cut off")  # what it lacks would count as deleted
    references = {}
    for line in _lines(answer):
        sha, _, rest = line.partition(" ")
        name, *attributes = rest.split(" ")
        if not name:
            raise ProtocolError("the answer is not a list of references")
        peeled = [attribute[7:] for attribute in attributes if attribute.startswith("peeled:")]
        if sha != "unborn":
            references[name] = (peeled or [sha])[0]
    return references


def read_advertisement(answer: bytes) -> dict[str, str] | None:
    """The references in an answer to `info/refs`, or None when the server speaks version 2 and waits for `ls_refs`.

    Raises:
        ProtocolError: it is not an advertisement, or its objects are named by SHA-256.
    """
    lines = [line for line in _lines(answer) if not line.startswith("# service=")]
    capabilities = "\n".join(lines) if lines[:1] == ["version 2"] else lines[0].partition("\0")[2] if lines else ""
    if "object-format=sha256" in capabilities:
        raise ProtocolError("repositories with SHA-256 object names are not supported")
    if lines[:1] == ["version 2"]:
        return None
    advertised = {}
    for line in lines:
        sha, _, name = line.partition("\0")[0].partition(" ")
        if len(sha) != 40 or not name:
            raise ProtocolError("the answer is not a list of references")
        advertised[name] = sha
    return peel(advertised)


def peel(advertised: Mapping[str, str]) -> dict[str, str]:
    """References with annotated tags replaced by their commits, which servers name `<tag>^{}`."""
    return {
        name: advertised.get(name + _PEELED, sha)
        for name, sha in advertised.items()
        if not name.endswith(_PEELED)  # also "capabilities^{}", which is what an empty repository advertises
    }


def _line(text: str) -> bytes:
    data = text.encode() + b"\n"
    return b"%04x" % (len(data) + 4) + data


def _lines(data: bytes) -> Iterator[str]:
    position = 0
    while position < len(data):
        digits = data[position : position + 4]
        if not _LENGTH.fullmatch(digits):
            raise ProtocolError("the answer is not made of pkt-lines")
        length = int(digits, 16)
        if length < 4:  # flush, delimiter, response end
            position += 4
            continue
        if position + length > len(data):
            raise ProtocolError("the answer ends in the middle of a line")
        line = data[position + 4 : position + length].decode(errors="surrogateescape").removesuffix("\n")
        if line.startswith("ERR "):
            raise ProtocolError(line[4:])
        yield line
        position += length
