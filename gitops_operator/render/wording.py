"""What libyaml's messages mean, in words for the author of a manifest."""

from __future__ import annotations

from collections.abc import Mapping

_TAB = "a tab cannot indent YAML; use spaces"
_SENTENCES: Mapping[str, str] = {
    "control character": "a control character cannot stand in YAML as it is; escape it inside double quotes",
    "mapping values are not allowed in this context": "a colon where no key can stand; is the indentation right, "
    "or does the value want quotes?",
    "could not find expected ':'": "a key without its colon; is the indentation right?",
    "did not find expected <document start>": "more text after the end of the document; is a `---` missing?",
    "did not find expected node content": "a value is missing here, or a bracket before it is not closed",
    "did not find expected key": "neither a key nor the end of the object; is the indentation right, or a quote "
    "not closed?",
    "did not find expected '-' indicator": "neither an item nor the end of the list; is the indentation right?",
    "did not find expected ',' or ']'": "the list in brackets does not go on with a comma and is not closed",
    "did not find expected ',' or '}'": "the object in braces does not go on with a comma and is not closed",
    "found a tab character that violates indentation": _TAB,
    "found character '\\t' that cannot start any token": _TAB,
    "found unexpected end of stream": "the quote that opens here is never closed",
    "found unexpected document indicator": "the quote that opens here is not closed before the next document",
    "found unknown escape character": "an escape that YAML does not know; in single quotes a backslash means itself",
    "found unexpected ':'": "a colon inside an unquoted value in brackets or braces; quote the value",
}
_STARTS: Mapping[str, str] = {
    "\t": _TAB,
    "@": "a value cannot begin with @; quote it",
    "`": "a value cannot begin with a backquote; quote it",
    "%": "a value cannot begin with %; quote it",
}


def explain(problem: str, character: str = "") -> str:
    """A sentence for a message of the parser about a character."""
    if problem == "found character that cannot start any token" and character in _STARTS:
        return _STARTS[character]
    if problem in _SENTENCES:
        return _SENTENCES[problem]
    return f"not YAML: {problem}"
