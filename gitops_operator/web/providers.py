"""The Git servers that send webhooks: by what they are known, how they prove who they are, what their events say."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from gitops_operator.model.push import Push
from gitops_operator.web import payloads

Headers = Mapping[str, str]
"""Names in lower case."""
Secret = Mapping[str, str]
"""What one Secret of the cluster holds, by key."""
Check = Callable[[Headers, bytes, Secret], bool | None]
"""Whether a delivery proves to know a secret; None: the Secret has none of this provider's keys."""

KEY = "webhook."
ADMIN_KEY = KEY + "admin.token"
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Provider:
    """`mark` is the header that no other has, `proof` that which `check` reads; `event` names or gives what happened.

    A ping is no push, and answered all the same; those that are `unsigned` by design need no proof.
    """

    name: str
    title: str
    mark: str
    keys: tuple[str, ...]
    proof: str
    check: Check
    event: str | Callable[[bytes], str]
    pushes: frozenset[str]
    read: Callable[[bytes], Push]
    pings: frozenset[str] = frozenset()
    unsigned: frozenset[str] = field(default=frozenset())

    def event_of(self, headers: Headers, body: bytes) -> str:
        """What happened, in the provider's words.

        Raises:
            MalformedError: the body does not say.
        """
        return headers.get(self.event, "") if isinstance(self.event, str) else self.event(body)


def provider_of(headers: Headers) -> Provider | None:
    """Who sends such headers."""
    return next((one for one in PROVIDERS if one.mark in headers), None)


def content_of(headers: Headers, body: bytes) -> bytes:
    """The JSON in a body: GitHub and its kin may send it as a form, and sign that.

    Raises:
        MalformedError: the form lacks it.
    """
    if not headers.get("content-type", "").startswith(_FORM):
        return body
    try:
        return parse_qs(body.decode(), max_num_fields=10)["payload"][0].encode()
    except (KeyError, ValueError):
        raise payloads.MalformedError("The form has no field named payload.") from None


def is_admin(headers: Headers, secret: Secret) -> bool:
    """Whether the bearer of a request has the admin's token."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and _same(given.strip(), secret.get(ADMIN_KEY, ""))


def _signed(header: str, key: str, *, prefix: str = "") -> Check:
    """An HMAC of the body, in hexadecimal digits."""

    def check(headers: Headers, body: bytes, secret: Secret) -> bool | None:
        if not secret.get(key):
            return None
        wanted = hmac.new(secret[key].encode(), body, hashlib.sha256).hexdigest()
        return _same(headers.get(header, "").lower(), prefix + wanted)

    return check


def _told(header: str, key: str) -> Check:
    """The secret itself."""

    def check(headers: Headers, _body: bytes, secret: Secret) -> bool | None:
        return _same(_bare(headers.get(header, "")), _bare(secret[key])) if secret.get(key) else None

    return check


def _basic(user: str, password: str) -> Check:
    """HTTP's basic authentication."""

    def check(headers: Headers, _body: bytes, secret: Secret) -> bool | None:
        if not secret.get(password):
            return None
        scheme, _, given = headers.get("authorization", "").partition(" ")
        try:
            pair = base64.b64decode(given.strip(), validate=True).decode()
        except (binascii.Error, ValueError):
            return False
        return scheme.lower() == "basic" and _same(pair, f"{secret.get(user, '')}:{secret[password]}")

    return check


def _first(*checks: Check) -> Check:
    """The first whose key there is."""

    def check(headers: Headers, body: bytes, secret: Secret) -> bool | None:
        answers = (one(headers, body, secret) for one in checks)
        return next((answer for answer in answers if answer is not None), None)

    return check


def _same(given: str, wanted: str) -> bool:
    """In a time that tells neither where they differ nor how long the other is; nothing equals nothing."""
    digests = (hashlib.sha256(text.encode(errors="surrogateescape")).digest() for text in (given, wanted))
    return hmac.compare_digest(*digests) and bool(wanted)


def _bare(text: str) -> str:
    """Bitbucket shows a UUID in braces and sends it without."""
    return text.removeprefix("{").removesuffix("}")


_HUB = "x-hub-signature"
_MOVES = frozenset({"push", "create", "delete"})
PROVIDERS = (
    Provider(
        name="azuredevops",
        title="Azure DevOps",
        mark="x-vss-activityid",
        keys=(KEY + "azuredevops.username", KEY + "azuredevops.password"),
        proof="Authorization",
        check=_basic(KEY + "azuredevops.username", KEY + "azuredevops.password"),
        event=payloads.azure_event,
        pushes=frozenset({"git.push"}),
        read=payloads.of_azure,
    ),
    # Before GitHub: they send GitHub's headers as well.
    Provider(
        name="gogs",
        title="Gitea, Forgejo or Gogs",
        mark="x-gogs-event",
        keys=(KEY + "gogs.secret",),
        proof="X-Gogs-Signature",
        check=_signed("x-gogs-signature", KEY + "gogs.secret"),
        event="x-gogs-event",
        pushes=_MOVES,
        read=payloads.of_github,
    ),
    Provider(
        name="github",
        title="GitHub",
        mark="x-github-event",
        keys=(KEY + "github.secret",),
        proof="X-Hub-Signature-256",
        check=_signed("x-hub-signature-256", KEY + "github.secret", prefix="sha256="),
        event="x-github-event",
        pushes=_MOVES,
        read=payloads.of_github,
        pings=frozenset({"ping"}),
    ),
    Provider(
        name="gitlab",
        title="GitLab",
        mark="x-gitlab-event",
        keys=(KEY + "gitlab.secret",),
        proof="X-Gitlab-Token",
        check=_told("x-gitlab-token", KEY + "gitlab.secret"),
        event=payloads.gitlab_event,
        pushes=frozenset({"push", "tag_push"}),
        read=payloads.of_gitlab,
    ),
    # Before Bitbucket Data Center: both name the event in the same header.
    Provider(
        name="bitbucket",
        title="Bitbucket Cloud",
        mark="x-hook-uuid",
        keys=(KEY + "bitbucket.secret", KEY + "bitbucket.uuid"),
        proof="X-Hub-Signature or X-Hook-UUID",
        check=_first(
            _signed(_HUB, KEY + "bitbucket.secret", prefix="sha256="),
            _told("x-hook-uuid", KEY + "bitbucket.uuid"),
        ),
        event="x-event-key",
        pushes=frozenset({"repo:push"}),
        read=payloads.of_bitbucket,
    ),
    Provider(
        name="bitbucketserver",
        title="Bitbucket Data Center",
        mark="x-event-key",
        keys=(KEY + "bitbucketserver.secret",),
        proof="X-Hub-Signature",
        check=_signed(_HUB, KEY + "bitbucketserver.secret", prefix="sha256="),
        event="x-event-key",
        pushes=frozenset({"repo:refs_changed", "mirror:repo_synchronized"}),
        read=payloads.of_bitbucket_server,
        pings=frozenset({"diagnostics:ping"}),
        unsigned=frozenset({"diagnostics:ping"}),  # its button "Test connection" signs nothing
    ),
    Provider(
        name="generic",
        title="the generic form",
        mark="x-signature",
        keys=(KEY + "generic.secret",),
        proof="X-Signature",
        check=_signed("x-signature", KEY + "generic.secret", prefix="sha256="),
        event=lambda _: "push",
        pushes=frozenset({"push"}),
        read=payloads.of_anybody,
    ),
)
