"""Logging: JSON or text, one line an event; each line of a pass carries its Application and revision."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_CONTEXT: ContextVar[dict[str, str]] = ContextVar("gitops_log_context", default={})  # noqa: B039 - never changed in place
_TEXT = "%(asctime)s %(levelname)-7s %(name)s %(context)s%(message)s"


def configure(log_format: str, level: str) -> None:
    """Send all logs to standard error in one format."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if log_format == "json" else _Text(_TEXT))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Kopf logs each event it hands on, and kubernetes-asyncio whole bodies: neither is for an operator's log.
    for noisy in ("kopf", "kubernetes_asyncio", "aiohttp.access", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


@contextmanager
def context(**fields: str) -> Iterator[None]:
    """Put fields on each line that is logged inside."""
    token = _CONTEXT.set(_CONTEXT.get() | fields)
    try:
        yield
    finally:
        _CONTEXT.reset(token)


def note(**fields: str) -> None:
    """Put fields on each line from here to the end of the innermost `context`."""
    _CONTEXT.set(_CONTEXT.get() | fields)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            **_CONTEXT.get(),
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        record.context = "".join(f"{name}={value} " for name, value in _CONTEXT.get().items())
        return super().format(record)
