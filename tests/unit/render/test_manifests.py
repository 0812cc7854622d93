"""What is wrong with the objects of a file, and where."""

from __future__ import annotations

import pytest

from gitops_operator.errors import Problem
from gitops_operator.render.directory import SourceFile
from gitops_operator.render.manifests import Manifests, manifests_of
from tests.unit.render.trees import manifest


def read(text: str | bytes, path: str = "a.yaml") -> Manifests:
    return manifests_of(SourceFile(path, text if isinstance(text, bytes) else text.encode()))


def places(problems: tuple[Problem, ...]) -> list[tuple[int, int]]:
    return [(problem.line, problem.column) for problem in problems]


def test_a_word_about_each_of_many_objects_takes_time_in_proportion() -> None:
    """Two thousand such objects took half a minute when each look for a place began at the top of the file."""
    count = 1500
    annotated = manifest() + "  annotations:\n    argocd.argoproj.io/tracking-id: x\n"
    found = read("---\n".join([annotated] * count))
    assert places(found.warnings) == [(6 + 7 * number, 5) for number in range(count)]


@pytest.mark.parametrize(
    "line, complaint",
    [
        ("apiVersion: a/b/c", "2:1: ConfigMap a: 'a/b/c' cannot be the apiVersion of an object"),
        ("apiVersion: apps/", "2:1: ConfigMap a: 'apps/' cannot be the apiVersion of an object"),
        ("apiVersion: /v1", "2:1: ConfigMap a: '/v1' cannot be the apiVersion of an object"),
        ("kind: Config Map", "3:1: Config Map a: 'Config Map' cannot be the kind of an object"),
        ("  name: ../../secrets/x", "5:3: ConfigMap ../../secrets/x: '../../secrets/x' cannot be the metadata.name"),
        ("  name: '..'", "5:3: ConfigMap ..: '..' cannot be the metadata.name of an object"),
        ("  name: a%2Fb", "5:3: ConfigMap a%2Fb: 'a%2Fb' cannot be the metadata.name of an object"),
        ("  namespace: a/b", "6:3: ConfigMap a: 'a/b' cannot be the metadata.namespace of an object"),
    ],
)
def test_what_cannot_stand_in_a_path_of_the_api_is_refused(line: str, complaint: str) -> None:
    lines = ["# a comment", "apiVersion: v1", "kind: ConfigMap", "metadata:", "  name: a", "  namespace: b"]
    field = line.partition(":")[0]
    text = "\n".join(line if each.startswith(field + ":") else each for each in lines)
    (problem,) = read(text).problems
    assert str(problem).startswith(f"a.yaml:{complaint}")


@pytest.mark.parametrize("name", ["system:auth-delegator", "v1beta1.metrics.k8s.io", "a..b", "...", "UPPER_case"])
def test_names_that_some_kind_may_have_are_left_to_the_server(name: str) -> None:
    assert read(manifest(name=f"'{name}'")).problems == ()


def test_a_list_names_the_place_of_each_item() -> None:
    text = "apiVersion: v1\nkind: List\nitems:\n- kind: List\n  apiVersion: v1\n  items:\n  - kind: Role\n- text\n"
    assert [str(problem) for problem in read(text).problems] == [
        "a.yaml:7:5: the object has no apiVersion",
        "a.yaml:7:5: the object has no metadata.name",
        "a.yaml:8:3: this is text, not a Kubernetes object",
    ]


def test_a_wave_that_is_no_integer_is_an_error_with_its_place() -> None:
    text = manifest() + '  annotations:\n    a: b\n    argocd.argoproj.io/sync-wave: "1.5"\n'
    (problem,) = read(text).problems
    assert str(problem) == ("a.yaml:7:5: ConfigMap a: annotation argocd.argoproj.io/sync-wave: '1.5' is not an integer")


def test_a_name_to_be_generated_is_an_error_with_its_place() -> None:
    (problem,) = read("# x\napiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}\n").problems
    assert str(problem).startswith("a.yaml:4:1: the object has only a generateName")


def test_null_is_the_empty_text_in_labels_and_annotations_as_for_the_server() -> None:
    text = manifest() + "  labels: {a: , b: x}\n  annotations:\n    argocd.argoproj.io/hook:\n    c: null\n"
    found = read(text)
    assert found.problems == ()
    metadata = found.resources[0].body["metadata"]
    assert metadata["labels"] == {"a": "", "b": "x"}
    assert metadata["annotations"] == {"argocd.argoproj.io/hook": "", "c": ""}


def test_null_is_the_empty_text_in_a_secret_too() -> None:
    found = read(manifest("Secret") + "stringData: {a: , b: x}\ndata: {c: }\n")
    assert found.problems == ()
    assert found.resources[0].body["data"] == {"a": "", "b": "eA==", "c": None}


def test_lists_of_labels_are_a_complaint() -> None:
    assert "metadata.labels is a list, not an object" in str(read(manifest() + "  labels: [a]\n").problems[0])
