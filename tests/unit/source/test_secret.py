import base64
from typing import Any

import pytest

from gitops_operator.errors import SourceError
from gitops_operator.source.secret import LABELS, parse_secret

PEM = "-----BEGIN THING-----\nAAAA\n-----END THING-----"


def secret(kind: str = "repository", label: str = LABELS[0], **data: str) -> dict[str, Any]:
    return {
        "metadata": {"namespace": "gitops", "name": "shop", "labels": {label: kind}},
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in data.items()},
    }


URL = "https://git.example.com/shop"
APP = {"githubAppID": "7", "githubAppPrivateKey": PEM}


def test_argo_cds_keys_are_read() -> None:
    body = secret(
        url=URL,
        username="bob",
        password="horse\n",
        tlsClientCertData=PEM,
        tlsClientCertKey=PEM,
        insecure="true",
        proxy="http://proxy:3128",
        noProxy="10.0.0.0/8,.example.com",
        useAzureWorkloadIdentity="false",
        type="git",
    )
    found = parse_secret(body)
    assert (found.url, found.kind, found.namespace, found.name) == (URL, "repository", "gitops", "shop")
    assert (found.username, found.password, found.insecure) == ("bob", "horse", True)
    assert (found.tls_client_cert, found.tls_client_key) == (f"{PEM}\n", f"{PEM}\n")
    assert (found.proxy, found.no_proxy) == ("http://proxy:3128", "10.0.0.0/8,.example.com")


def test_argo_cds_label_serves_as_well() -> None:
    assert parse_secret(secret("repo-creds", "argocd.argoproj.io/secret-type", url=URL)).kind == "repo-creds"


def test_a_key_and_known_hosts_are_read() -> None:
    known = "git.example.com ssh-ed25519 AAAA"
    found = parse_secret(secret(url="git@git.example.com:shop.git", sshPrivateKey=PEM, knownHosts=known, ca=PEM))
    assert (found.ssh_private_key, found.known_hosts, found.ca) == (f"{PEM}\n", f"{known}\n", f"{PEM}\n")


def test_a_github_app_is_read() -> None:
    base = "https://github.example.com/api/v3"
    found = parse_secret(secret(url=URL, **APP, githubAppInstallationID="42", githubAppEnterpriseBaseUrl=base))
    assert (found.github_app_id, found.github_app_installation_id) == ("7", "42")
    assert (found.github_app_private_key, found.github_app_base_url) == (f"{PEM}\n", base)


def test_a_token_is_read() -> None:
    assert parse_secret(secret(url=URL, bearerToken="t0ken")).bearer_token == "t0ken"


@pytest.mark.parametrize(
    "data, part",
    [
        ({}, "url cannot be used"),
        ({"url": "ftp://git.example.com/shop"}, "url cannot be used"),
        ({"url": "https://bob:s3cret@git.example.com/shop"}, "url holds a credential"),
        ({"url": URL, "type": "helm"}, "type is not git"),
        ({"url": URL, "githubAppID": "7"}, "githubAppPrivateKey is missing"),
        ({"url": URL, "githubAppPrivateKey": PEM}, "githubAppID is missing"),
        ({"url": URL, "githubAppInstallationID": "42"}, "githubAppID is missing"),
        ({"url": URL, **APP, "githubAppID": "7/s3cret"}, "githubAppID is no id"),
        ({"url": URL, **APP, "githubAppInstallationID": "../s3cret"}, "githubAppInstallationID is no number"),
        ({"url": URL, **APP, "password": "s3cret"}, "githubAppID and other logins exclude"),
        ({"url": "git@git.example.com:shop", **APP}, "githubAppID needs an https:// url"),
        ({"url": URL, **APP, "githubAppEnterpriseBaseUrl": "http://s3cret"}, "githubAppEnterpriseBaseUrl is no https"),
        ({"url": URL, "gcpServiceAccountKey": "s3cret"}, "gcpServiceAccountKey is not supported"),
        ({"url": URL, "useAzureWorkloadIdentity": "true"}, "useAzureWorkloadIdentity is not supported"),
        ({"url": URL, "proxy": "socks5://s3cret:1080"}, "proxy is no http:// or https:// URL"),
        ({"url": URL, "sshPrivateKey": "s3cret"}, "sshPrivateKey is not in PEM format"),
        ({"url": URL, "ca": "s3cret"}, "ca is not in PEM format"),
        ({"url": URL, "tlsClientCertData": PEM}, "tlsClientCertKey is missing"),
        ({"url": URL, "tlsClientCertKey": PEM}, "tlsClientCertData is missing"),
        ({"url": URL, "password": "s3cret", "bearerToken": "s3cret"}, "exclude each other"),
        ({"url": URL, "insecure": "s3cret"}, "insecure is neither true nor false"),
        ({"url": URL, "knownHosts": "# fine\ns3cret"}, "line 2"),
    ],
)
def test_what_cannot_be_used_names_secret_and_key_and_no_value(data: dict[str, str], part: str) -> None:
    with pytest.raises(SourceError, match=part) as caught:
        parse_secret(secret(**data))
    assert caught.value.reason == "InvalidCredential"
    assert caught.value.message.startswith("Secret gitops/shop: ")
    assert "s3cret" not in caught.value.message


@pytest.mark.parametrize("value", ["!!!", "/w==", 7])
def test_data_that_is_no_text_is_an_error(value: object) -> None:
    body = secret(url=URL)
    body["data"]["password"] = value
    with pytest.raises(SourceError, match="password is not text in base64"):
        parse_secret(body)


def test_another_type_of_secret_is_an_error() -> None:
    with pytest.raises(SourceError, match="neither repository nor repo-creds"):
        parse_secret(secret("cluster", url=URL))
