"""Which cluster and namespace a command line means."""

import argparse
from pathlib import Path

import pytest

from gitops_operator.cli.exits import CommandError
from gitops_operator.cli.online.reach import in_words, place_of
from gitops_operator.errors import ClusterError

_CONFIG = """\
apiVersion: v1
kind: Config
current-context: dev
contexts:
- {name: dev, context: {cluster: a, user: b, namespace: web}}
- {name: prod, context: {cluster: c, user: b}}
"""


def flags(**given: str) -> argparse.Namespace:
    return argparse.Namespace(**{"kubeconfig": "", "context": "", "namespace": "", **given})


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / ".kube" / "config"
    path.parent.mkdir()
    path.write_text(_CONFIG)
    return path


def test_the_namespace_is_that_of_the_current_context(config: Path) -> None:
    assert place_of(flags(), {}).namespace == "web"


def test_a_flag_beats_the_context(config: Path) -> None:
    assert place_of(flags(namespace="api"), {}).namespace == "api"


def test_a_context_without_namespace_means_default(config: Path) -> None:
    place = place_of(flags(context="prod"), {})
    assert (place.namespace, place.said) == ("default", "context prod of ~/.kube/config")


def test_kubeconfig_may_name_several_files_of_which_some_are_missing(config: Path) -> None:
    place = place_of(flags(), {"KUBECONFIG": f"/nowhere:{config}"})
    assert (place.paths, place.context) == (str(config), "dev")


def test_a_context_that_is_not_there_names_those_that_are(config: Path) -> None:
    with pytest.raises(CommandError, match="has no context test; it has dev, prod"):
        place_of(flags(context="test"), {})


def test_without_a_current_context_one_is_to_be_chosen(config: Path) -> None:
    config.write_text(_CONFIG.replace("current-context: dev", ""))
    with pytest.raises(CommandError, match="no current context; it has dev, prod: choose one with --context"):
        place_of(flags(), {})


def test_without_any_kubeconfig_it_says_where_it_looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(CommandError, match="no kubeconfig: give one with --kubeconfig or KUBECONFIG"):
        place_of(flags(), {})
    with pytest.raises(CommandError, match="KUBECONFIG names /nowhere, and there is no such file"):
        place_of(flags(), {"KUBECONFIG": "/nowhere"})
    with pytest.raises(CommandError, match="/nowhere cannot be read: there is no such file"):
        place_of(flags(kubeconfig="/nowhere"), {})


def test_in_a_pod_its_own_cluster_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    place = place_of(flags(), {"KUBERNETES_SERVICE_HOST": "10.0.0.1"})
    assert (place.paths, place.context, place.namespace) == ("", "", "default")


def test_a_kubeconfig_counts_in_a_pod_too(config: Path) -> None:
    assert place_of(flags(), {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}).context == "dev"


@pytest.mark.parametrize(
    "error, words",
    [
        (ClusterError("No answer from https://a: it did not answer in time."), "did not answer in time (context dev"),
        (ClusterError("Unauthorized", status=401, api_reason="Unauthorized"), "does not accept your credentials"),
        (ClusterError("404 page not found", status=404), "the CRD applications.gitops-operator.io is not installed"),
        (ClusterError("u cannot get applications", status=403, api_reason="Forbidden"), "u cannot get applications"),
    ],
)
def test_a_refusal_says_what_and_by_which_cluster(config: Path, error: ClusterError, words: str) -> None:
    said = in_words(error, place_of(flags(), {}))
    assert words in said
    assert "context dev of ~/.kube/config" in said
