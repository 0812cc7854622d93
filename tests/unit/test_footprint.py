"""The process holds what it needs and gives back the rest."""

import subprocess
import sys

_LARGE = """
import resource, sys
from pathlib import Path
from gitops_operator.footprint import spare

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

spare()
before = resident()
list(bytes(8_000_000) for _ in range(2))
blocks = [bytes(200_000) for _ in range(200)]
blocks[:-1] = []
print(resident() - before)
"""
_BUFFER = """
import asyncio, ssl
from asyncio.sslproto import SSLProtocol
from gitops_operator.footprint import spare

async def main():
    loop = asyncio.get_running_loop()
    protocol = SSLProtocol(loop, asyncio.Protocol(), ssl.create_default_context(), loop.create_future())
    print(protocol.get_buffer(-1).nbytes)

spare()
asyncio.run(main())
"""


def test_large_blocks_that_are_freed_leave_the_process_though_younger_ones_stay() -> None:
    assert int(_said(_LARGE)) < 10_000_000


def test_a_tls_connection_reads_through_a_buffer_of_a_few_records() -> None:
    assert int(_said(_BUFFER)) == 64 << 10


def _said(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
