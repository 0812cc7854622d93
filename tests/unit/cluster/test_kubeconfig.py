"""The contexts of kubeconfigs."""

from pathlib import Path

import pytest

from gitops_operator.cluster.kubeconfig import Context, read_contexts
from gitops_operator.errors import ClusterError

_ONE = """\
apiVersion: v1
kind: Config
current-context: dev
contexts:
- {name: dev, context: {cluster: a, user: b, namespace: web}}
- {name: prod, context: {cluster: c, user: b}}
"""
_OTHER = """\
apiVersion: v1
kind: Config
contexts:
- {name: test, context: {cluster: d, user: b}}
"""


def test_a_context_has_a_namespace_or_none(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(_ONE)
    found = read_contexts(str(file))
    assert found.current == "dev"
    assert found.contexts == {"dev": Context("dev", "web"), "prod": Context("prod", "")}


def test_several_files_are_read_as_one(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text(_ONE)
    other.write_text(_OTHER)
    found = read_contexts(f"{one}:{other}")
    assert (set(found.contexts), found.current) == ({"dev", "prod", "test"}, "dev")


@pytest.mark.parametrize("text", ["a: [", "just a word", "contexts: [1]"])
def test_what_is_no_kubeconfig_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config"
    file.write_text(text)
    with pytest.raises(ClusterError, match=f"{file} is not a valid kubeconfig"):
        read_contexts(str(file))
