"""Whether the server lists a kind at this moment, asked over a borrowed connection."""

from __future__ import annotations

import aiohttp

_TIMEOUT = aiohttp.ClientTimeout(10)


async def is_served(http: aiohttp.ClientSession, server: str, group: str, version: str, plural: str) -> bool:
    """Whether it lists the kind; not when it cannot be asked."""
    url = f"{server.rstrip('/')}/apis/{group}/{version}"
    try:
        async with http.get(url, timeout=_TIMEOUT) as answer:
            resources = (await answer.json()).get("resources", []) if answer.ok else []
    except (aiohttp.ClientError, TimeoutError, RuntimeError, ValueError):  # RuntimeError: the connection is closed
        return False
    return any(resource.get("name") == plural for resource in resources)
