"""What `kubectl gitops sync` asks for."""

import argparse
from typing import Any

import pytest

from gitops_operator.cli.exits import CommandError
from gitops_operator.cli.online.sync import request_of

NOTHING = {"revision": "", "prune": False, "options": [], "resources": [], "retries": None}


def asked(**arguments: Any) -> Any:
    return request_of(argparse.Namespace(**{**NOTHING, **arguments}), "me")


def test_a_resource_is_named_as_argo_cd_names_it() -> None:
    request = asked(resources=["apps:Deployment:web/frontend", ":Secret:key"])
    assert request["sync"]["resources"] == [
        {"group": "apps", "kind": "Deployment", "namespace": "web", "name": "frontend"},
        {"kind": "Secret", "name": "key"},
    ]


@pytest.mark.parametrize("text", ["frontend", "apps:Deployment", "apps::frontend", "apps:Deployment:web/", "a:b:c:d"])
def test_a_resource_that_is_not_named_so_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match=r"is not GROUP:KIND:\[NAMESPACE/\]NAME"):
        asked(resources=[text])
