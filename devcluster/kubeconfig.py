"""Writes kubeconfig files: for a client certificate or for a token."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path

from devcluster.certificates import Identity


def certificate_user(identity: Identity) -> Mapping[str, str]:
    return {
        "client-certificate-data": _encoded(identity.certificate),
        "client-key-data": _encoded(identity.key),
    }


def token_user(token: str) -> Mapping[str, str]:
    return {"token": token}


def write_kubeconfig(path: Path, url: str, authority: Path, user: Mapping[str, str]) -> Path:
    """One cluster, one user, one context; JSON, which is YAML."""
    name = "devcluster"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": url, "certificate-authority-data": _encoded(authority)}}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": "default"}}],
        "current-context": name,
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(config, indent=2))
    return path


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
