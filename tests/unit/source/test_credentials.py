import pytest

from gitops_operator.source.credentials import Credential, Credentials, Kind, Trust, usable
from tests.unit.source.test_known_hosts import KEY, OTHER

OPERATOR = "gitops"
TEAM = "team-a"
SHOP = "https://git.example.com/team/shop"


def credential(name: str, url: str = SHOP, *, kind: Kind = "repository", namespace: str = OPERATOR) -> Credential:
    return Credential(url, kind, username=name, password="s3cret", namespace=namespace, name=name)


def chosen(*credentials: Credential, url: str = SHOP, namespace: str = TEAM) -> str:
    found = Credentials(credentials).choose(url, namespace, OPERATOR)
    return found.name if found else ""


def test_without_a_secret_there_is_no_credential() -> None:
    assert Credentials().choose(SHOP, TEAM, OPERATOR) is None


def test_a_secret_for_the_repository_serves_all_its_spellings() -> None:
    assert chosen(credential("one"), url="https://GIT.example.com/team/shop.git/") == "one"
    assert not chosen(credential("one"), url="https://git.example.com/team/other")


def test_a_secret_for_the_repository_beats_one_for_a_prefix() -> None:
    prefix = credential("prefix", "https://git.example.com/team/shop", kind="repo-creds")
    assert chosen(prefix, credential("exact")) == "exact"


def test_a_longer_prefix_beats_a_shorter_one() -> None:
    short = credential("short", "https://git.example.com/", kind="repo-creds")
    long = credential("long", "https://git.example.com/team", kind="repo-creds", namespace=OPERATOR)
    assert chosen(long, short) == chosen(short, long) == "long"
    assert chosen(short, long, url="https://git.example.com/else/x") == "short"


@pytest.mark.parametrize(
    "prefix, url",
    [
        ("https://git.example.com", SHOP),
        ("ssh://git@git.example.com", "git@git.example.com:shop.git"),
        ("git@git.example.com:", "git@git.example.com:shop.git"),
        ("git@git.example.com:team", "ssh://git@git.example.com/team/shop"),
    ],
)
def test_a_prefix_may_be_a_whole_host(prefix: str, url: str) -> None:
    assert chosen(credential("host", prefix, kind="repo-creds"), url=url) == "host"


def test_a_prefix_does_not_reach_another_host() -> None:
    prefix = credential("prefix", "https://git.example.com/", kind="repo-creds")
    assert not chosen(prefix, url="https://git.example.com.evil.example/shop")
    assert not chosen(prefix, url="http://git.example.com/shop")


def test_a_secret_serves_only_the_applications_of_its_namespace() -> None:
    private = credential("private", namespace=TEAM)
    assert chosen(private, namespace=TEAM) == "private"
    assert not chosen(private, namespace="team-b")


def test_an_applications_own_namespace_beats_the_operators() -> None:
    shared, own = credential("shared"), credential("own", namespace=TEAM)
    assert chosen(shared, own) == chosen(own, shared) == "own"
    assert chosen(shared, own, namespace="team-b") == "shared"


def test_the_choice_between_equals_does_not_depend_on_their_order() -> None:
    one, other = credential("a"), credential("b")
    assert chosen(one, other) == chosen(other, one)


def test_known_hosts_of_the_operator_complete_every_ssh_credential() -> None:
    trust = Trust(known_hosts=f"git.example.com {KEY.line}\nelse.example.com {OTHER.line}\n")
    found = Credentials((), trust).choose("git@git.example.com:shop.git", TEAM, OPERATOR)
    assert found is not None
    assert found.known_hosts == f"git.example.com {KEY.line}\n"


def test_a_certificate_serves_its_host_only() -> None:
    trusting = Credentials((), Trust(certificates={"git.example.com": "PEM", "git.example.org:8443": "OTHER"}))
    found = trusting.choose(SHOP, TEAM, OPERATOR)
    assert found is not None
    assert found.ca == "PEM"
    with_port = trusting.choose("https://git.example.org:8443/shop", TEAM, OPERATOR)
    assert with_port is not None
    assert with_port.ca == "OTHER"
    assert trusting.choose("https://git.example.org/shop", TEAM, OPERATOR) is None


def test_the_cas_of_secret_and_operator_add_up() -> None:
    both = Credentials(
        [Credential(SHOP, ca="MINE", namespace=OPERATOR)], Trust(certificates={"git.example.com": "PEM"})
    )
    found = both.choose(SHOP, TEAM, OPERATOR)
    assert found is not None
    assert found.ca == "MINE\nPEM"


def test_a_credential_never_prints_its_secrets() -> None:
    full = Credential(
        SHOP,
        username="s3cret",
        password="s3cret",
        bearer_token="s3cret",
        ssh_private_key="s3cret",
        tls_client_key="s3cret",
        github_app_private_key="s3cret",
        proxy="http://bob:s3cret@proxy:3128",
    )
    assert "s3cret" not in repr(full)
    assert "s3cret" not in full.fingerprint


def test_mirrors_are_shared_by_equal_access_whatever_the_secret_is_called() -> None:
    one = Credential(SHOP, password="a", namespace="x", name="one")
    assert one.fingerprint == Credential(SHOP + ".git", "repo-creds", password="a", namespace="y").fingerprint
    assert one.fingerprint != Credential(SHOP, username="a").fingerprint
    assert one.fingerprint != Credential(SHOP, password="a", insecure=True).fingerprint


@pytest.mark.parametrize("url", ["", "ftp://git.example.com/shop"])
def test_credentials_with_a_bad_url_do_not_stop_the_others(url: str) -> None:
    good, bad = usable([credential("one"), credential("broken", url)])
    assert [one.name for one in good] == ["one"]
    assert [error.reason for error in bad] == ["UnsupportedURL"]
