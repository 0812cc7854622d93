"""What the headers and bodies of each Git server say, and who proves to be one."""

import json
from typing import Any

import pytest

from gitops_operator.model.push import Push
from gitops_operator.web.payloads import MalformedError
from gitops_operator.web.providers import PROVIDERS, Provider, content_of, is_admin, provider_of
from tests.pushes import (
    CHANGED,
    EVERY,
    SECRET,
    URL,
    Sent,
    azure,
    bitbucket,
    bitbucket_server,
    generic,
    github,
    github_form,
    gitlab,
    gogs,
)

MAIN = ("refs/heads/main",)
NAMES = {name: name.partition(" ")[0] for name in EVERY} | {"gitea": "gogs", "forgejo": "gogs"}
SAYS_NO_FILES = {"bitbucket", "bitbucketserver", "azuredevops"}


def lower(sent: Sent) -> dict[str, str]:
    return {name.lower(): value for name, value in sent.headers.items()}


def provider(sent: Sent) -> Provider:
    found = provider_of(lower(sent))
    assert found is not None
    return found


def read(sent: Sent) -> Push:
    return provider(sent).read(content_of(lower(sent), sent.body))


def check(sent: Sent, secret: dict[str, str]) -> bool | None:
    return provider(sent).check(lower(sent), sent.body, secret)


@pytest.mark.parametrize("name", EVERY)
def test_a_server_is_known_by_its_headers(name: str) -> None:
    assert provider(EVERY[name][0]()).name == NAMES[name]


@pytest.mark.parametrize("name", EVERY)
def test_a_push_is_told_from_other_events(name: str) -> None:
    sent = EVERY[name][0]()
    assert provider(sent).event_of(lower(sent), sent.body) in provider(sent).pushes


@pytest.mark.parametrize("name", EVERY)
def test_a_push_names_repository_and_reference(name: str) -> None:
    push = read(EVERY[name][0]())
    assert URL in {url.removesuffix(".git") for url in push.repositories}
    assert (push.references, push.revision) == (MAIN, "main")


@pytest.mark.parametrize("name", EVERY)
def test_a_push_names_the_files_that_changed_where_the_server_does(name: str) -> None:
    assert read(EVERY[name][0]()).changed == (() if NAMES[name] in SAYS_NO_FILES else tuple(CHANGED))


@pytest.mark.parametrize("name", EVERY)
def test_who_knows_the_secret_proves_it(name: str) -> None:
    make, secret = EVERY[name]
    assert check(make(), secret) is True


@pytest.mark.parametrize("name", EVERY)
def test_another_secret_proves_nothing(name: str) -> None:
    make, secret = EVERY[name]
    assert check(make(), dict.fromkeys(secret, "another")) is False


@pytest.mark.parametrize("name", EVERY)
def test_a_secret_of_another_server_says_nothing(name: str) -> None:
    assert check(EVERY[name][0](), {"webhook.somebody.secret": SECRET}) is None


@pytest.mark.parametrize("name", EVERY)
def test_an_empty_secret_is_none(name: str) -> None:
    make, secret = EVERY[name]
    assert check(make(), dict.fromkeys(secret, "")) is None


@pytest.mark.parametrize("name", [name for name in EVERY if "by its" not in name])
def test_without_its_proof_a_delivery_is_nobodys(name: str) -> None:
    make, secret = EVERY[name]
    sent = make()
    proofs = {one.strip().lower() for one in provider(sent).proof.split(" or ")} - {provider(sent).mark}
    bare = Sent({key: value for key, value in sent.headers.items() if key.lower() not in proofs}, sent.body)
    if NAMES[name] == "generic":  # its proof is its mark
        bare = Sent({**sent.headers, "X-Signature": ""}, sent.body)
    assert check(bare, secret) is False


@pytest.mark.parametrize("name", ["github", "gogs", "bitbucket", "bitbucketserver", "generic"])
def test_a_body_that_was_changed_is_noticed(name: str) -> None:
    make, secret = EVERY[name]
    sent = make()
    assert check(Sent(sent.headers, sent.body.replace(b"main", b"evil")), secret) is False


def test_a_signature_by_an_old_algorithm_proves_nothing() -> None:
    sent = github(URL)
    old = {key: value for key, value in sent.headers.items() if key != "X-Hub-Signature-256"}
    assert check(Sent(old, sent.body), {"webhook.github.secret": SECRET}) is False


def test_where_bitbucket_has_a_secret_its_uuid_is_not_enough() -> None:
    sent = bitbucket(URL)
    unsigned = Sent({key: value for key, value in sent.headers.items() if key != "X-Hub-Signature"}, sent.body)
    uuid = sent.headers["X-Hook-UUID"]
    assert check(unsigned, {"webhook.bitbucket.secret": SECRET, "webhook.bitbucket.uuid": uuid}) is False


@pytest.mark.parametrize("given", ["", "Basic", "Basic !!!", "Bearer cm9ib3Q6aG9yc2UtYmF0dGVyeQ==", "Basic w/8="])
def test_an_authorization_that_cannot_be_read_proves_nothing(given: str) -> None:
    sent = azure(URL)
    assert check(Sent({**sent.headers, "Authorization": given}, sent.body), EVERY["azuredevops"][1]) is False


def test_letters_beyond_ascii_are_compared_like_others() -> None:
    sent = gitlab(URL)
    assert check(Sent({**sent.headers, "X-Gitlab-Token": "größe"}, sent.body), {"webhook.gitlab.secret": "größe"})


@pytest.mark.parametrize(
    "sent", [github(URL, "refs/tags/v1.2"), gogs(URL, "refs/tags/v1.2"), generic(URL, "refs/tags/v1.2")]
)
def test_a_tag_is_a_revision_by_its_name(sent: Sent) -> None:
    assert (read(sent).references, read(sent).revision) == (("refs/tags/v1.2",), "v1.2")


def test_a_tag_of_gitlab_is_an_event_of_its_own() -> None:
    sent = gitlab(URL, "refs/tags/v1.2", "Tag Push Hook")
    assert provider(sent).event_of(lower(sent), sent.body) == "tag_push"
    assert read(sent).revision == "v1.2"


def test_a_system_hook_of_gitlab_may_be_a_push() -> None:
    sent = gitlab(URL, hook="System Hook")
    assert provider(sent).event_of(lower(sent), sent.body) == "push"


def test_a_tag_of_bitbucket_is_told_from_a_branch() -> None:
    assert read(bitbucket(URL, "tag", "v1.2")).references == ("refs/tags/v1.2",)


def test_a_branch_of_bitbucket_that_was_deleted_is_named() -> None:
    assert read(bitbucket(URL, name="old", is_gone=True)).references == ("refs/heads/old",)


def test_both_addresses_of_a_bitbucket_data_center_are_read() -> None:
    http, ssh = "https://git.example.com/scm/team/shop.git", "ssh://git@git.example.com:7999/team/shop.git"
    assert read(bitbucket_server(http, ssh)).repositories == (ssh, http)


def test_a_mirror_that_cannot_list_all_that_moved_may_have_moved_anything() -> None:
    sent = bitbucket_server("https://git.example.com/scm/team/shop.git", "ssh://git@git.example.com/team/shop.git")
    body = json.dumps({**json.loads(sent.body), "refLimitExceeded": True}).encode()
    assert read(Sent(sent.headers, body)).references == ()


def test_the_creation_of_a_tag_names_it_in_full() -> None:
    sent = github(URL, "v1.2", "create", ref_type="tag", commits=None)
    assert read(sent).references == ("refs/tags/v1.2",)


@pytest.mark.parametrize("sent", [github(URL), gogs(URL), gitlab(URL), azure(URL)])
def test_the_default_branch_is_read_where_it_is_told(sent: Sent) -> None:
    assert read(sent).default_branch == "refs/heads/main"


def test_a_form_of_github_holds_the_same_and_is_signed_as_it_is() -> None:
    sent = github_form(URL)
    assert check(sent, {"webhook.github.secret": SECRET})
    assert read(sent) == read(github(URL))


@pytest.mark.parametrize("body", [b"", b"a=b", b"\xff\xfe", b"payload=" + b"&x=1" * 20])
def test_a_form_without_a_payload_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedError, match="no field named payload"):
        content_of({"content-type": "application/x-www-form-urlencoded"}, body)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b"null", b"\xff", b'{"repository": 1, "ref": 1}'])
@pytest.mark.parametrize("one", PROVIDERS, ids=lambda one: one.name)
def test_a_body_that_is_none_is_malformed(one: Provider, body: bytes) -> None:
    with pytest.raises(MalformedError, match="The body"):
        one.read(body)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(MalformedError, match="missing required field `ref`"):
        read(Sent({"X-GitHub-Event": "push"}, json.dumps({"repository": {"html_url": URL}}).encode()))


def test_a_body_without_a_url_names_no_repository() -> None:
    with pytest.raises(MalformedError, match="names no repository"):
        read(Sent({"X-Signature": ""}, b'{"repository": ""}'))


def test_the_generic_form_may_name_several_and_no_reference() -> None:
    body: dict[str, Any] = {"repository": [URL, "git@git.example.com:other.git"]}
    push = read(Sent({"X-Signature": ""}, json.dumps(body).encode()))
    assert push == Push((URL, "git@git.example.com:other.git"))
    assert push.revision == ""


def test_nobody_else_is_known() -> None:
    assert provider_of({"content-type": "application/json"}) is None


@pytest.mark.parametrize(
    "given, token, is_it",
    [
        ("Bearer sesame", "sesame", True),
        ("bearer  sesame", "sesame", True),
        ("Bearer other", "sesame", False),
        ("Basic sesame", "sesame", False),
        ("", "", False),
        ("Bearer ", "", False),
    ],
)
def test_the_admin_bears_a_token(given: str, token: str, is_it: bool) -> None:
    assert is_admin({"authorization": given}, {"webhook.admin.token": token}) is is_it
