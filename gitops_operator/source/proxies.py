"""Which proxy a request takes: that of its credential, unless `noProxy` names the host."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from gitops_operator.source.credentials import Credential

_DEFAULT_PORTS = {"http": 80, "https": 443}


def proxy_for(credential: Credential | None, url: str) -> str | None:
    """The proxy for a URL, None for none."""
    if credential is None or not credential.proxy:
        return None
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    exceptions = credential.no_proxy.lower().replace(",", " ").split()
    return None if any(_names(one, host, port) for one in exceptions) else credential.proxy


def _names(exception: str, host: str, port: int) -> bool:
    """As curl and Go have it: `*`, an address, a network, a name with all below it, `.name` for what is below only."""
    if exception == "*":
        return True
    network = _network(exception)
    if network is not None:
        address = _network(host)
        return address is not None and address.version == network.version and address.subnet_of(network)  # type: ignore[arg-type]  # the versions are equal
    name, _, wanted = exception.partition(":")
    if wanted and wanted != str(port):
        return False
    name = name.removeprefix("*")
    return host == name or host.endswith(name if name.startswith(".") else f".{name}")


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None
