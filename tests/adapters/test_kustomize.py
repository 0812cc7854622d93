"""Kustomizations built by the real program, compared with what a user gets who calls it in a checkout."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops_operator.errors import RenderError
from tests.adapters.rendering import Files, bodies, build_of, by_hand, checked_out, rendered
from tests.unit.render.trees import Link

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations: {note: base}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: "web:1"}]}
"""
PATCH = "- {op: replace, path: /spec/replicas, value: 7}\n"
COMPONENT = """\
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
configMapGenerator: [{name: extra, literals: [a=b]}]
"""
ROOT = """\
resources: [../base, linked.yaml]
namePrefix: shop-
images: [{name: web, newTag: "2"}]
commonLabels: {team: red}
"""
FILES: Files = {
    "app/kustomization.yaml": ROOT,
    "app/linked.yaml": Link("../files/config.yaml"),
    "app/replicas.yaml": PATCH,
    "base/kustomization.yaml": "resources: [web.yaml]\nsecretGenerator: [{name: key, files: [key.txt]}]\n",
    "base/web.yaml": DEPLOYMENT,
    "base/key.txt": "secret",
    "extra/kustomization.yaml": COMPONENT,
    "files/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\ndata: {on: 'yes'}\n",
}
# The link leads out of its folder, which only a folder with all of it in may do when it is built by hand, too.
INSIDE: Files = {**FILES, "app/linked.yaml": FILES["files/config.yaml"]}
INPUT = Path(__file__).parents[3] / "shared" / "fixtures"


def ordered(objects: list[dict[str, Any]]) -> list[str]:
    return sorted(yaml.safe_dump(one) for one in objects)


async def test_an_overlay_gives_what_it_gives_in_a_checkout(tmp_path: Path) -> None:
    found = await rendered(tmp_path, INSIDE)
    assert ordered(bodies(found)) == ordered(
        by_hand("kustomize", "build", "app", cwd=checked_out(tmp_path / "c", INSIDE))
    )
    assert len(found.resources) == 3


async def test_each_object_says_which_file_it_comes_from(tmp_path: Path) -> None:
    found = await rendered(tmp_path, INSIDE)
    assert {(resource.key.kind, str(resource.origin)) for resource in found.resources} == {
        ("Deployment", "base/web.yaml"),
        ("Secret", "base/kustomization.yaml"),
        ("ConfigMap", "app/linked.yaml"),
    }


async def test_no_annotation_of_ours_is_left_on_an_object(tmp_path: Path) -> None:
    found = bodies(await rendered(tmp_path, INSIDE))
    annotations = [one["metadata"].get("annotations") for one in found]
    assert sorted(annotations, key=str) == [None, None, {"note": "base"}]


async def test_origins_that_git_asks_for_stay_on_the_objects(tmp_path: Path) -> None:
    files = {**INSIDE, "app/kustomization.yaml": ROOT + "buildMetadata: [originAnnotations]\n"}
    found = bodies(await rendered(tmp_path, files))
    assert all("config.kubernetes.io/origin" in one["metadata"]["annotations"] for one in found)


@pytest.mark.parametrize(
    "overrides, commands",
    [
        ({"namePrefix": "x-"}, [["set", "nameprefix", "x-"]]),
        ({"nameSuffix": "-x"}, [["set", "namesuffix", "--", "-x"]]),
        ({"namespace": "other"}, [["set", "namespace", "other"]]),
        ({"images": ["web:3"]}, [["set", "image", "web:3"]]),
        ({"images": ["web=shop/web:3@sha256:" + "a" * 64]}, [["set", "image", "web=shop/web:3@sha256:" + "a" * 64]]),
        ({"images": ["web=shop/web:*"]}, [["set", "image", "web=shop/web:*"]]),
        ({"replicas": [{"name": "web", "count": "5"}]}, [["set", "replicas", "web=5"]]),
        ({"commonLabels": {"a": "b"}}, [["add", "label", "a:b"]]),
        ({"commonLabels": {"team": "x"}, "forceCommonLabels": True}, [["add", "label", "-f", "team:x"]]),
        ({"commonLabels": {"a": "b"}, "labelWithoutSelector": True}, [["add", "label", "--without-selector", "a:b"]]),
        (
            {"commonLabels": {"a": "b"}, "labelWithoutSelector": True, "labelIncludeTemplates": True},
            [["add", "label", "--without-selector", "--include-templates", "a:b"]],
        ),
        ({"commonAnnotations": {"a": "b"}}, [["add", "annotation", "a:b"]]),
        ({"components": ["../extra"]}, [["add", "component", "../extra"]]),
        (
            {"patches": [{"path": "replicas.yaml", "target": {"kind": "Deployment"}}]},
            [["add", "patch", "--path", "replicas.yaml", "--kind", "Deployment"]],
        ),
        (
            {"patches": [{"patch": PATCH, "target": {"kind": "Deployment", "name": "web"}}]},
            [["add", "patch", "--patch", PATCH, "--kind", "Deployment", "--name", "web"]],
        ),
    ],
    ids=str,
)
async def test_overrides_give_what_kustomize_edit_gives(
    tmp_path: Path, overrides: dict[str, Any], commands: list[list[str]]
) -> None:
    """As Argo CD applies them: it edits the file in its checkout."""
    found = await rendered(tmp_path, INSIDE, kustomize=overrides)
    checkout = checked_out(tmp_path / "c", INSIDE)
    for command in commands:
        by_hand("kustomize", "edit", *command, cwd=checkout / "app")
    assert ordered(bodies(found)) == ordered(by_hand("kustomize", "build", "app", cwd=checkout))


async def test_components_that_are_missing_may_be_ignored(tmp_path: Path) -> None:
    overrides = {"components": ["../extra", "../nowhere"], "ignoreMissingComponents": True}
    found = await rendered(tmp_path, INSIDE, kustomize=overrides)
    assert len(found.resources) == 4
    with pytest.raises(RenderError, match=r"source\.kustomize: \.\./nowhere: not found"):
        build_of(INSIDE, kustomize={"components": ["../nowhere"]})


def test_an_override_that_contradicts_git_is_told_before_anything_runs() -> None:
    with pytest.raises(RenderError, match="team stands in commonLabels of the kustomization already"):
        build_of(INSIDE, kustomize={"commonLabels": {"team": "blue"}})


async def test_what_kustomize_says_is_told_without_the_folder_it_ran_in(tmp_path: Path) -> None:
    files = {**INSIDE, "base/web.yaml": "kind: ["}
    with pytest.raises(RenderError) as caught:
        await rendered(tmp_path, files)
    assert "app: kustomize: accumulating resources" in caught.value.message
    assert "web.yaml" in caught.value.message
    assert str(tmp_path) not in caught.value.message


async def test_an_object_that_cannot_be_applied_is_told(tmp_path: Path) -> None:
    files = {"app/kustomization.yaml": "resources: [a.yaml]\n", "app/a.yaml": "kind: A\napiVersion: v1\nmetadata: {}\n"}
    with pytest.raises(RenderError, match=r"app: kustomize: .*missing metadata\.name"):
        await rendered(tmp_path, files)


async def test_with_transformers_the_whole_commit_is_there(tmp_path: Path) -> None:
    transformer = """\
apiVersion: builtin
kind: PatchTransformer
metadata: {name: p}
path: replicas.yaml
target: {kind: Deployment}
"""
    files = {
        **INSIDE,
        "app/kustomization.yaml": ROOT + "transformers: [more.yaml]\n",
        "app/more.yaml": transformer,
    }
    build = build_of(files)
    assert build.is_whole_tree
    found = bodies(await rendered(tmp_path, files))
    assert [one["spec"]["replicas"] for one in found if one["kind"] == "Deployment"] == [7]


# --- what counts as a change ---


def test_equal_files_are_the_same_work_in_whatever_commit() -> None:
    assert build_of(FILES).digest == build_of({**FILES, "README": "new", "app/notes.txt": "new"}).digest


@pytest.mark.parametrize("path", ["app/kustomization.yaml", "base/web.yaml", "base/key.txt", "files/config.yaml"])
def test_every_file_that_is_read_counts(path: str) -> None:
    assert build_of(FILES).digest != build_of({**FILES, path: str(FILES[path]) + "\n# changed"}).digest


def test_overrides_count() -> None:
    assert build_of(FILES).digest != build_of(FILES, kustomize={"namePrefix": "x-"}).digest


def test_what_lies_outside_the_folder_is_said_so_that_its_changes_are_noticed() -> None:
    assert {read.path for read in build_of(FILES).reads} == {
        "base/kustomization.yaml",
        "base/web.yaml",
        "base/key.txt",
        "files/config.yaml",
    }
    with pytest.raises(RenderError) as caught:
        build_of({**FILES, "base/kustomization.yaml": "resources: [other.yaml]"})
    assert "base/other.yaml" in caught.value.reads


# --- kustomizations of other projects ---


def published() -> list[str]:
    found = [*INPUT.glob("example-apps/*/kustomization.yaml"), *INPUT.glob("published/podinfo/**/kustomization.yaml")]
    return sorted(str(path.parent.relative_to(INPUT)) for path in found)


# What cannot be built without the network, without a file that is meant to be missing, or with a chart inside.
REFUSED = {
    "kustomize-api-versions": "helmCharts",
    "kustomize-kube-version": "helmCharts",
    "invalid-kustomize": "not found",
}


@pytest.mark.parametrize("folder", published() or ["absent"])
async def test_kustomizations_of_other_projects_give_what_they_give_by_hand(tmp_path: Path, folder: str) -> None:
    if folder == "absent":
        pytest.skip(f"the examples of other projects are not here: {INPUT} is absent")
    project, path = folder.split("/", 1)
    files: Files = {
        str(file.relative_to(INPUT / project)): file.read_text()
        for file in (INPUT / project / path.split("/")[0]).rglob("*")
        if file.is_file()
    }
    more = {str(file.relative_to(INPUT / project)): file.read_text() for file in INPUT.glob(f"{project}/guestbook/*")}
    if path in REFUSED:
        with pytest.raises(RenderError, match=REFUSED[path]):
            build_of({**more, **files}, path)
        return
    found = await rendered(tmp_path, {**more, **files}, path)
    expected = by_hand("kustomize", "build", path, cwd=INPUT / project)
    for one in expected:
        one.pop("status", None)
        one["metadata"].pop("creationTimestamp", None)
    assert ordered(bodies(found)) == ordered(expected)
