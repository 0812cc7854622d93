"""Which files a build by Kustomize reads, and what is wrong with them before any tool runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from gitops_operator.render.closure import Closure
from tests.unit.render.trees import SUBMODULE, Link, manifest, tree_of

Files = Mapping[str, object]


def kustomization(**fields: Any) -> str:
    return json.dumps(fields)


def followed(files: Files, folder: str = "app") -> Closure:
    closure = Closure(tree_of(files))
    root = closure.read(folder)
    assert root is not None
    closure.follow(root, folder)
    return closure


def read(files: Files) -> list[str]:
    """What is read besides the root's own file."""
    closure = followed(files)
    assert closure.problems == []
    return sorted(closure.part.files - {"app/kustomization.yaml"})


def problems(files: Files) -> list[str]:
    return [str(problem) for problem in followed(files).problems]


def test_bases_are_followed_wherever_they_stand() -> None:
    files = {
        "app/kustomization.yaml": kustomization(resources=["a.yaml", "../base"], components=["../extra"]),
        "app/a.yaml": manifest(),
        "app/not-read.yaml": manifest(),
        "base/kustomization.yml": kustomization(bases=["deep"]),
        "base/deep/Kustomization": kustomization(resources=["b.yaml"]),
        "base/deep/b.yaml": manifest(),
        "extra/kustomization.yaml": kustomization(kind="Component", resources=["c.yaml"]),
        "extra/c.yaml": manifest(),
    }
    assert read(files) == sorted(
        [
            "app/a.yaml",
            "base/kustomization.yml",
            "base/deep/Kustomization",
            "base/deep/b.yaml",
            "extra/kustomization.yaml",
            "extra/c.yaml",
        ]
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"crds": ["f"]},
        {"configurations": ["f"]},
        {"patchesStrategicMerge": ["f"]},
        {"patchesJson6902": [{"path": "f", "target": {"kind": "Pod"}}]},
        {"patches": [{"path": "f"}]},
        {"patches": ["f"]},
        {"replacements": [{"path": "f"}]},
        {"openapi": {"path": "f"}},
        {"configMapGenerator": [{"files": ["f"]}]},
        {"secretGenerator": [{"files": ["key=f"]}]},
        {"configMapGenerator": [{"envs": ["f"]}]},
        {"configMapGenerator": [{"env": "f"}]},
    ],
    ids=str,
)
def test_every_field_that_names_a_file_is_followed(fields: dict[str, Any]) -> None:
    assert read({"app/kustomization.yaml": kustomization(**fields), "app/f": ""}) == ["app/f"]


def test_a_patch_may_stand_where_its_file_could() -> None:
    patch = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
    assert read({"app/kustomization.yaml": kustomization(patchesStrategicMerge=[patch])}) == []


def test_a_base_that_two_share_is_read_once() -> None:
    files = {
        "app/kustomization.yaml": kustomization(resources=["../a", "../b"]),
        "a/kustomization.yaml": kustomization(resources=["../base"]),
        "b/kustomization.yaml": kustomization(resources=["../base"]),
        "base/kustomization.yaml": kustomization(),
    }
    assert "base/kustomization.yaml" in read(files)


def test_links_inside_the_repository_are_taken_along() -> None:
    files = {
        "app/kustomization.yaml": kustomization(resources=["linked.yaml", "shared"]),
        "app/linked.yaml": Link("../files/a.yaml"),
        "app/shared": Link("../base"),
        "files/a.yaml": manifest(),
        "base/kustomization.yaml": kustomization(),
    }
    closure = followed(files)
    assert closure.problems == []
    assert {"files/a.yaml", "base/kustomization.yaml"} <= closure.part.files
    assert closure.part.links == {"app/linked.yaml", "app/shared"}


# --- what is wrong, with file, line and column ---


def test_a_file_that_is_missing_is_named_with_the_line_that_names_it() -> None:
    files = {"app/kustomization.yaml": "resources:\n- a.yaml\n- nowhere.yaml\n", "app/a.yaml": ""}
    assert problems(files) == [
        "app/kustomization.yaml:3:3: nowhere.yaml: not found; there is no app/nowhere.yaml in the repository"
    ]
    assert "app/nowhere.yaml" in followed(files).part.missing


def test_everything_that_is_wrong_is_told_at_once() -> None:
    files = {
        "app/kustomization.yaml": "resources:\n- one.yaml\n- ../base\n",
        "base/kustomization.yaml": "resources: [two.yaml]\nconfigMapGenerator:\n- name: c\n  files: [three]\n",
    }
    assert [line.partition(": not")[0] for line in problems(files)] == [
        "app/kustomization.yaml:2:3: one.yaml",
        "base/kustomization.yaml:1:13: two.yaml",
        "base/kustomization.yaml:4:11: three",
    ]


@pytest.mark.parametrize(
    "reference",
    [
        "https://example.com/a.yaml",
        "github.com/example/base?ref=v1",
        "git@example.com:a/b.git",
        "ssh://git@a/b//deploy",
    ],
)
def test_what_stands_elsewhere_is_not_fetched(reference: str) -> None:
    found = problems({"app/kustomization.yaml": kustomization(resources=[reference])})
    assert len(found) == 1
    assert "copy it into the repository" in found[0]


def test_kustomizations_that_lead_in_a_circle_are_told_with_the_way() -> None:
    files = {
        "app/kustomization.yaml": kustomization(resources=["../base"]),
        "base/kustomization.yaml": kustomization(resources=["../app"]),
    }
    assert problems(files) == ["base/kustomization.yaml:1:16: ../app: leads in a circle: app → base → app"]


@pytest.mark.parametrize(
    "name, content, says",
    [
        ("../../out", None, "leaves the repository"),
        ("/etc/passwd", None, "an absolute path"),
        ("link", Link("/etc"), "the symbolic link app/link leaves the repository"),
        ("link", Link("../../.."), "the symbolic link app/link leaves the repository"),
        ("sub", SUBMODULE, "a Git submodule"),
    ],
)
def test_nothing_outside_the_repository_is_read(name: str, content: object, says: str) -> None:
    files = {"app/kustomization.yaml": kustomization(resources=[name])}
    found = problems(files if content is None else {**files, f"app/{name}": content})
    assert len(found) == 1
    assert says in found[0]


def test_a_folder_without_a_kustomization_is_told() -> None:
    files = {"app/kustomization.yaml": kustomization(resources=["../base"]), "base/a.yaml": ""}
    assert "there is no kustomization.yaml in base" in problems(files)[0]


def test_a_folder_where_a_file_is_wanted_is_told() -> None:
    files = {"app/kustomization.yaml": kustomization(patches=[{"path": "p"}]), "app/p/a.yaml": ""}
    assert "a folder, where a file is wanted" in problems(files)[0]


def test_two_kustomization_files_in_one_folder_are_told() -> None:
    files = {"app/kustomization.yaml": "{}", "app/Kustomization": "{}"}
    assert problems(files) == [
        "app: the folder holds kustomization.yaml and Kustomization; Kustomize wants one of them"
    ]


@pytest.mark.parametrize("field", ["helmCharts", "helmChartInflationGenerator"])
def test_charts_inside_a_kustomization_are_refused_with_what_to_do(field: str) -> None:
    found = problems({"app/kustomization.yaml": kustomization(**{field: [{"name": "a"}]})})
    assert len(found) == 1
    assert "make the chart a source of its own" in found[0]


@pytest.mark.parametrize(
    "content, says",
    [
        ("resources: [", "app/kustomization.yaml:1"),
        ("- a\n", "a kustomization is an object"),
        ("resources: []\n---\nresources: []\n", "app/kustomization.yaml:3: a kustomization file holds one document"),
    ],
)
def test_a_kustomization_that_cannot_be_read_is_told_with_its_line(content: str, says: str) -> None:
    assert says in problems({"app/kustomization.yaml": content})[0]


@pytest.mark.parametrize("field", ["generators", "transformers", "validators"])
def test_parts_that_may_read_any_file_are_noticed(field: str) -> None:
    files = {"app/kustomization.yaml": kustomization(resources=["../base"]), "base/plugin.yaml": ""}
    assert not followed({**files, "base/kustomization.yaml": "{}"}).has_plugins
    assert followed({**files, "base/kustomization.yaml": kustomization(**{field: ["plugin.yaml"]})}).has_plugins
