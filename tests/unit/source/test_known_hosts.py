import base64
import hashlib
import hmac

import pytest

from gitops_operator.source.known_hosts import HostKey, keys_of, malformed_lines, restricted_to


def public_key(name: str, kind: str = "ssh-ed25519") -> HostKey:
    words = (kind.encode(), hashlib.sha256(name.encode()).digest())
    return HostKey(kind, b"".join(len(word).to_bytes(4, "big") + word for word in words))


KEY = public_key("one")
OTHER = public_key("two")


def hashed(name: str) -> str:
    salt = b"s" * 20
    digest = hmac.new(salt, name.encode(), hashlib.sha1).digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


@pytest.mark.parametrize(
    "hosts, host, port",
    [
        ("git.example.com", "git.example.com", 22),
        ("Git.Example.com", "git.example.COM", 22),
        ("192.0.2.7,git.example.com", "192.0.2.7", 22),
        ("[git.example.com]:2222", "git.example.com", 2222),
        ("*.example.com", "git.example.com", 22),
        ("git?.example.com", "git7.example.com", 22),
        (hashed("git.example.com"), "git.example.com", 22),
        (hashed("[git.example.com]:2222"), "git.example.com", 2222),
    ],
)
def test_an_entry_vouches_for_its_host(hosts: str, host: str, port: int) -> None:
    assert keys_of(f"{hosts} {KEY.line} a comment\n", host, port).trusted == {KEY}


@pytest.mark.parametrize(
    "hosts, host, port",
    [
        ("git.example.com", "git.example.com", 2222),
        ("[git.example.com]:2222", "git.example.com", 22),
        ("git.example.com", "git.example.com.evil.example", 22),
        ("*.example.com,!git.example.com", "git.example.com", 22),
        ("git.example.co[m]", "git.example.com", 22),
        (hashed("git.example.org"), "git.example.com", 22),
        ("|1|broken", "git.example.com", 22),
        ("@cert-authority git.example.com", "git.example.com", 22),
        ("# git.example.com", "git.example.com", 22),
    ],
)
def test_an_entry_vouches_for_nobody_else(hosts: str, host: str, port: int) -> None:
    assert not keys_of(f"{hosts} {KEY.line}\n", host, port).trusted


def test_a_revoked_key_is_never_trusted() -> None:
    known = f"git.example.com {KEY.line}\n@revoked * {KEY.line}\ngit.example.com {OTHER.line}\n"
    keys = keys_of(known, "git.example.com", 22)
    assert keys.trusted == {OTHER}
    assert keys.revoked == {KEY}


def test_a_fingerprint_is_what_ssh_keygen_prints() -> None:
    line = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"  # GitHub's published key
    key = HostKey("ssh-ed25519", base64.b64decode(line))
    assert key.fingerprint == "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"


def test_knowledge_is_reduced_to_one_host() -> None:
    known = f"*.example.com {KEY.line} x\nother.example.org {OTHER.line}\n@revoked git.example.com {OTHER.line}\n"
    reduced = restricted_to(known, "git.example.com", 22)
    assert reduced == f"@revoked git.example.com {OTHER.line}\ngit.example.com {KEY.line}\n"
    assert keys_of(reduced, "git.example.com", 22) == keys_of(known, "git.example.com", 22)


def test_order_and_comments_make_no_difference_to_what_is_known() -> None:
    one = f"git.example.com {KEY.line}\ngit.example.com {OTHER.line}\n"
    other = f"# keys\ngit.example.com {OTHER.line} later\n\ngit.example.com {KEY.line}\n"
    assert restricted_to(one, "git.example.com", 22) == restricted_to(other, "git.example.com", 22)


def test_lines_that_cannot_be_read_are_numbered() -> None:
    known = f"# fine\n\ngit.example.com {KEY.line}\ngit.example.com\ngit.example.com ssh-ed25519 !!!\n"
    assert malformed_lines(known) == [4, 5]
