"""Sends webhooks to the operator as a Git server does, and makes the Secret that they prove to know."""

import http.client
from collections.abc import Mapping

from tests.cluster.kube import Json
from tests.cluster.operator import NAMESPACE, Operator
from tests.pushes import SECRET, Sent, github

TOKEN = "sesame"
THE_SECRET: Json = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {
        "name": "webhooks",
        "namespace": NAMESPACE,
        "labels": {"gitops-operator.io/secret-type": "webhook"},
    },
    "stringData": {"webhook.github.secret": SECRET, "webhook.admin.token": TOKEN},
}


def push_to(url: str) -> Sent:
    """As if the server of a repository were GitHub; it names no port and no `.git`."""
    path = url.removeprefix("http://").removesuffix(".git").partition("/")[2]
    return github(f"https://127.0.0.1/{path}")


def deliver(
    operator: Operator, sent: Sent, query: str = "", headers: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Status and text of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", operator.webhook_port, timeout=30)
    try:
        connection.request("POST", f"/webhook{query}", sent.body, {**sent.headers, **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()
