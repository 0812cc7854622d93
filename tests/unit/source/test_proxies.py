import pytest

from gitops_operator.source.credentials import Credential
from gitops_operator.source.proxies import proxy_for

PROXY = "http://proxy.example.com:3128"


def taken(no_proxy: str, url: str) -> str | None:
    return proxy_for(Credential(url="", proxy=PROXY, no_proxy=no_proxy), url)


@pytest.mark.parametrize(
    "no_proxy, url",
    [
        ("git.example.com", "https://git.example.com/shop"),
        ("example.com", "https://git.example.com/shop"),
        (".example.com", "https://git.example.com/shop"),
        ("*.example.com", "https://git.example.com/shop"),
        ("EXAMPLE.com", "https://git.example.com/shop"),
        ("git.example.com:8443", "https://git.example.com:8443/shop"),
        ("git.example.com:443", "https://git.example.com/shop"),
        ("localhost, 10.1.0.0/16", "http://10.1.2.3/shop"),
        ("10.1.2.3", "http://10.1.2.3:8080/shop"),
        ("fd00::/8", "http://[fd00::1]/shop"),
        ("*", "http://anything/shop"),
    ],
)
def test_what_no_proxy_names_is_asked_directly(no_proxy: str, url: str) -> None:
    assert taken(no_proxy, url) is None


@pytest.mark.parametrize(
    "no_proxy, url",
    [
        ("", "https://git.example.com/shop"),
        ("example.com", "https://badexample.com/shop"),
        (".git.example.com", "https://git.example.com/shop"),
        ("git.example.com:8443", "https://git.example.com/shop"),
        ("10.1.0.0/16", "http://10.2.0.1/shop"),
        ("10.1.0.0/16", "http://git.example.com/shop"),
        ("fd00::/8", "http://10.1.2.3/shop"),
    ],
)
def test_everything_else_takes_the_proxy(no_proxy: str, url: str) -> None:
    assert taken(no_proxy, url) == PROXY


def test_without_a_proxy_there_is_none() -> None:
    assert proxy_for(None, "https://git.example.com") is None
    assert proxy_for(Credential(url=""), "https://git.example.com") is None
