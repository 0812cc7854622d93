"""Webhooks as Git servers send them: their headers, the shape of their bodies, and how they prove who they are."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

SECRET = "horse-battery"
COMMIT = {
    "id": "bb0748feaa336d841c251017e4e374c22d0c8a98",
    "message": "Two replicas\n",
    "timestamp": "2026-11-25T10:00:00Z",
    "author": {"name": "Ann", "email": "ann@example.com"},
    "added": ["deploy/new.yaml"],
    "modified": ["deploy/web.yaml"],
    "removed": ["deploy/old.yaml"],
}
CHANGED = ["deploy/new.yaml", "deploy/web.yaml", "deploy/old.yaml"]
BEFORE, AFTER = "e5ba5f6c13b64670048daa88e4c053d60b0e115a", COMMIT["id"]


class Sent(NamedTuple):
    """One delivery."""

    headers: dict[str, str]
    body: bytes


def digest(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _json(headers: Mapping[str, str], body: Mapping[str, Any]) -> Sent:
    return Sent({"Content-Type": "application/json", **headers}, json.dumps(body).encode())


# What each of them sends for a push


def github(url: str, ref: str = "refs/heads/main", event: str = "push", **more: Any) -> Sent:
    host, _, path = url.removeprefix("https://").partition("/")
    repository = {
        "id": 123060978,
        "full_name": path,
        "html_url": url,
        "url": url,
        "git_url": f"git://{host}/{path}.git",
        "ssh_url": f"git@{host}:{path}.git",
        "clone_url": f"{url}.git",
        "default_branch": "main",
    }
    body = {
        "ref": ref,
        "before": BEFORE,
        "after": AFTER,
        "created": False,
        "deleted": False,
        "forced": False,
        "base_ref": None,
        "commits": [COMMIT],
        "head_commit": COMMIT,
        "repository": repository,
        "pusher": {"name": "ann", "email": "ann@example.com"},
        **more,
    }
    headers = {
        "User-Agent": "GitHub-Hookshot/044aadd",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-GitHub-Hook-ID": "292430182",
    }
    return signed_by_github(_json(headers, body))


def signed_by_github(sent: Sent, secret: str = SECRET) -> Sent:
    sha1 = hmac.new(secret.encode(), sent.body, hashlib.sha1).hexdigest()
    signatures = {"X-Hub-Signature": f"sha1={sha1}", "X-Hub-Signature-256": f"sha256={digest(sent.body, secret)}"}
    return Sent({**sent.headers, **signatures}, sent.body)


def github_form(url: str) -> Sent:
    """With the content type that GitHub offers first."""
    sent = github(url)
    form = urlencode({"payload": sent.body.decode()}).encode()
    return signed_by_github(Sent({**sent.headers, "Content-Type": "application/x-www-form-urlencoded"}, form))


def github_ping() -> Sent:
    hook = {"type": "Repository", "id": 292430182, "events": ["push"], "active": True}
    body = {"zen": "Design for failure.", "hook_id": 292430182, "hook": hook, "repository": {"id": 1}}
    return signed_by_github(_json({"X-GitHub-Event": "ping"}, body))


def gogs(url: str, ref: str = "refs/heads/main", *, also: str = "") -> Sent:
    """`also` is Gitea or Forgejo, which send their own headers and everybody else's."""
    host, _, path = url.removeprefix("https://").partition("/")
    repository = {
        "id": 1,
        "full_name": path,
        "html_url": url,
        "ssh_url": f"git@{host}:{path}.git",
        "clone_url": f"{url}.git",
        "default_branch": "main",
    }
    body = {"ref": ref, "before": BEFORE, "after": AFTER, "commits": [COMMIT], "repository": repository}
    sent = _json({"X-Gogs-Event": "push", "X-Gogs-Delivery": "f6266f16-1bf3-46a5-9ea4-602e06ead473"}, body)
    headers = {**sent.headers, "X-Gogs-Signature": digest(sent.body)}
    if also:
        headers |= {f"X-{also}-Event": "push", f"X-{also}-Signature": digest(sent.body), "X-GitHub-Event": "push"}
        headers |= {"X-Hub-Signature-256": f"sha256={digest(sent.body)}"}
    return Sent(headers, sent.body)


def gitlab(url: str, ref: str = "refs/heads/main", hook: str = "Push Hook") -> Sent:
    host, _, path = url.removeprefix("https://").partition("/")
    kind = "tag_push" if ref.startswith("refs/tags/") else "push"
    project = {
        "id": 1,
        "path_with_namespace": path,
        "web_url": url,
        "git_ssh_url": f"ssh://git@{host}:2222/{path}.git",
        "git_http_url": f"{url}.git",
        "default_branch": "main",
    }
    body = {
        "object_kind": kind,
        "event_name": kind,
        "before": BEFORE,
        "after": AFTER,
        "ref": ref,
        "checkout_sha": AFTER,
        "project": project,
        "commits": [COMMIT],
        "total_commits_count": 1,
    }
    return _json({"X-Gitlab-Event": hook, "X-Gitlab-Token": SECRET, "X-Gitlab-Event-UUID": "13792a34"}, body)


def bitbucket(url: str, kind: str = "branch", name: str = "main", *, is_gone: bool = False) -> Sent:
    reference = {"type": kind, "name": name, "target": {"type": "commit", "hash": AFTER}}
    change = {"new": None if is_gone else reference, "old": reference, "forced": False, "closed": is_gone}
    repository = {
        "type": "repository",
        "full_name": "team/shop",
        "links": {"self": {"href": "https://api.bitbucket.org/2.0/repositories/team/shop"}, "html": {"href": url}},
    }
    sent = _json({"X-Event-Key": "repo:push"}, {"push": {"changes": [change]}, "repository": repository})
    own = {
        "X-Hook-UUID": "53521da5-96d4-4ff1-bf59-0f8bbe1d3d64",
        "X-Request-UUID": "f8c4a2c9-7c6f-4cbd-9ac2-8e3a8d1c1a2b",
        "X-Attempt-Number": "1",
        "X-Hub-Signature": f"sha256={digest(sent.body)}",
    }
    return Sent({**sent.headers, **own}, sent.body)


def bitbucket_server(http: str, ssh: str, ref: str = "refs/heads/main") -> Sent:
    change = {
        "ref": {"id": ref, "displayId": ref.rpartition("/")[2], "type": "BRANCH"},
        "refId": ref,
        "fromHash": BEFORE,
        "toHash": AFTER,
        "type": "UPDATE",
    }
    clone = [{"href": ssh, "name": "ssh"}, {"href": http, "name": "http"}]
    repository = {"slug": "shop", "scmId": "git", "links": {"clone": clone, "self": [{"href": f"{http}/browse"}]}}
    body = {"eventKey": "repo:refs_changed", "date": "2026-11-25T19:45:32+1000", "repository": repository}
    sent = _json({"X-Event-Key": "repo:refs_changed", "X-Request-Id": "9a5f"}, {**body, "changes": [change]})
    return Sent({**sent.headers, "X-Hub-Signature": f"sha256={digest(sent.body)}"}, sent.body)


def bitbucket_server_ping() -> Sent:
    return _json({"X-Event-Key": "diagnostics:ping", "X-Request-Id": "9a5f"}, {"test": True})


def azure(url: str, ref: str = "refs/heads/main", user: str = "robot") -> Sent:
    body = {
        "subscriptionId": "8fd412f1-9873-4b45-8854-655b1b8a2eff",
        "notificationId": 2,
        "eventType": "git.push",
        "publisherId": "tfs",
        "resource": {
            "commits": [{"commitId": AFTER, "comment": "Two replicas"}],
            "refUpdates": [{"name": ref, "oldObjectId": BEFORE, "newObjectId": AFTER}],
            "repository": {"name": "shop", "defaultBranch": "refs/heads/main", "remoteUrl": url},
        },
        "resourceVersion": "1.0",
    }
    return _json({"X-Vss-Activityid": "f9d1cbd2", "Authorization": basic(user, SECRET)}, body)


def generic(url: str, ref: str = "refs/heads/main") -> Sent:
    sent = _json({}, {"repository": url, "ref": ref, "changed": CHANGED})
    return Sent({**sent.headers, "X-Signature": f"sha256={digest(sent.body)}"}, sent.body)


URL = "https://git.example.com/team/shop"
EVERY: Mapping[str, tuple[Callable[[], Sent], dict[str, str]]] = {
    "github": (lambda: github(URL), {"webhook.github.secret": SECRET}),
    "gogs": (lambda: gogs(URL), {"webhook.gogs.secret": SECRET}),
    "gitea": (lambda: gogs(URL, also="Gitea"), {"webhook.gogs.secret": SECRET}),
    "forgejo": (lambda: gogs(URL, also="Forgejo"), {"webhook.gogs.secret": SECRET}),
    "gitlab": (lambda: gitlab(URL), {"webhook.gitlab.secret": SECRET}),
    "bitbucket": (lambda: bitbucket(URL), {"webhook.bitbucket.secret": SECRET}),
    "bitbucket by its UUID": (
        lambda: bitbucket(URL),
        {"webhook.bitbucket.uuid": "{53521da5-96d4-4ff1-bf59-0f8bbe1d3d64}"},
    ),
    "bitbucketserver": (
        lambda: bitbucket_server(f"{URL}.git", "ssh://git@git.example.com:7999/team/shop.git"),
        {"webhook.bitbucketserver.secret": SECRET},
    ),
    "azuredevops": (
        lambda: azure(URL),
        {"webhook.azuredevops.username": "robot", "webhook.azuredevops.password": SECRET},
    ),
    "generic": (lambda: generic(URL), {"webhook.generic.secret": SECRET}),
}
"""A push of each, and what the Secret holds for it."""
