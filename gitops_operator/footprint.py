"""How the process asks its C library and its TLS for little memory, and for what a burst of work has freed."""

from __future__ import annotations

import asyncio.sslproto
import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h of glibc
_LARGE = 128 << 10
_TLS_BUFFER = 64 << 10


def spare() -> None:
    """To be called once, before threads and connections are there.

    glibc gives each thread a heap of its own and, once a large block was freed, takes blocks of that size from the
    heap, too: what lists and renders leave there is not given back. Python's threads take turns, so that one heap does;
    and large blocks are better taken from the system each time. Another C library is left as it is.

    asyncio reads each TLS connection through a buffer of 256 KiB of its own; a hundred watches and writes are 25 MiB.
    One record of TLS is at most 16 KiB (RFC 8446, 5.1).
    """
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    if tune is not None:
        for parameter, value in ((_M_ARENA_MAX, 1), (_M_MMAP_THRESHOLD, _LARGE), (_M_TRIM_THRESHOLD, _LARGE)):
            tune(parameter, value)
    asyncio.sslproto.SSLProtocol.max_size = _TLS_BUFFER


def give_back() -> None:
    """Return what the C library keeps of a burst of work, where it can be asked to. It takes milliseconds."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
