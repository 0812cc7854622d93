"""Which files of a commit are manifests of a source."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gitops_operator.errors import RenderError
from gitops_operator.model.application import Directory
from gitops_operator.render import locate, render
from gitops_operator.render.directory import Listing, files_of
from tests.unit.render.trees import COMMIT, REPOSITORY, SUBMODULE, FakeTree, Link, manifest, tree_of

ALL = Directory(recurse=True)


def listing(files: Mapping[str, object], path: str = "apps", options: Directory = ALL) -> Listing:
    return files_in(tree_of(files), path, options)


def files_in(tree: FakeTree, path: str, options: Directory) -> Listing:
    return files_of(tree, locate(tree, path, options).folder, options)


def paths(files: Mapping[str, object], path: str = "apps", options: Directory = ALL) -> list[str]:
    return [file.path for file in listing(files, path, options).files]


def refusal(files: Mapping[str, object], path: str = "apps", options: Directory = ALL) -> RenderError:
    with pytest.raises(RenderError) as caught:
        listing(files, path, options)
    return caught.value


def test_yaml_and_json_files_of_the_folder_itself_are_read_by_default() -> None:
    files = dict.fromkeys(["apps/b.yml", "apps/a.yaml", "apps/c.json", "apps/README.md", "apps/d/e.yaml", "f.yaml"], "")
    assert paths(files, options=Directory()) == ["apps/a.yaml", "apps/b.yml", "apps/c.json"]


def test_with_recurse_folders_are_walked_in_order() -> None:
    files = dict.fromkeys(["apps/b/z.yaml", "apps/b/a.yaml", "apps/a.yaml", "apps/c.yaml"], "")
    assert paths(files) == ["apps/a.yaml", "apps/b/a.yaml", "apps/b/z.yaml", "apps/c.yaml"]


def test_the_root_of_the_repository_is_a_folder_too() -> None:
    assert paths({"a.yaml": "", "b/c.yaml": ""}, "") == ["a.yaml", "b/c.yaml"]
    assert paths({"a.yaml": "", "b/c.yaml": ""}, ".", Directory()) == ["a.yaml"]


def test_include_and_exclude_look_at_the_path_from_the_source() -> None:
    files = dict.fromkeys(["apps/prod/a.yaml", "apps/prod/b.yaml", "apps/dev/a.yaml"], "")
    assert paths(files, options=Directory(recurse=True, include="{prod/*,x}")) == [
        "apps/prod/a.yaml",
        "apps/prod/b.yaml",
    ]
    assert paths(files, options=Directory(recurse=True, include="prod/*", exclude="*/b.yaml")) == ["apps/prod/a.yaml"]
    assert paths(files, options=Directory(recurse=True, exclude="apps/*")) == sorted(files)[:0] + sorted(files)


def test_a_broken_glob_is_an_error() -> None:
    assert "brace" in str(refusal({"apps/a.yaml": ""}, options=Directory(include="{a,b")))


def test_a_marked_file_is_left_out() -> None:
    assert paths({"apps/a.yaml": "# +argocd:skip-file-rendering\na: {{ b }}", "apps/b.yaml": ""}) == ["apps/b.yaml"]


def test_hidden_files_and_folders_are_left_out() -> None:
    assert paths({"apps/.github/ci.yaml": "", "apps/.lint.yaml": "", "apps/a.yaml": ""}) == ["apps/a.yaml"]


def test_jsonnet_is_left_out_with_a_warning() -> None:
    result = listing({"apps/a.jsonnet": "", "apps/b.yaml": ""})
    assert [file.path for file in result.files] == ["apps/b.yaml"]
    assert [str(warning) for warning in result.warnings] == [
        "apps/a.jsonnet: Jsonnet is not rendered by this version; left out"
    ]


@pytest.mark.parametrize("name", ["Chart.yaml", "kustomization.yaml", "kustomization.yml", "Kustomization"])
def test_a_chart_or_a_kustomization_is_not_taken_for_manifests(name: str) -> None:
    error = refusal({f"apps/{name}": "", "apps/a.yaml": ""}, options=Directory())
    assert error.reason == "UnsupportedSource"
    assert f"apps/{name}: the folder is a " in str(error)
    assert refusal({f"apps/deep/{name}": "", "apps/a.yaml": ""}).reason == "UnsupportedSource"
    assert paths({f"apps/deep/{name}": "", "apps/a.yaml": ""}, options=Directory()) == ["apps/a.yaml"]


def test_a_kustomization_that_is_excluded_is_nobodys_business() -> None:
    options = Directory(exclude="kustomization.yaml")
    assert paths({"apps/kustomization.yaml": "", "apps/a.yaml": ""}, options=options) == ["apps/a.yaml"]


def test_links_to_files_are_followed_inside_the_repository() -> None:
    result = listing({"apps/a.yaml": Link("../shared/a.yaml"), "shared/a.yaml": "x: 1"})
    assert [(file.path, file.data) for file in result.files] == [("shared/a.yaml", b"x: 1")]
    assert result.links == {"shared/a.yaml"}


def test_links_to_folders_are_followed_and_no_file_is_read_twice() -> None:
    files = {"apps/current": Link("v2"), "apps/v2/a.yaml": "", "apps/base": Link("../base"), "base/b.yaml": ""}
    assert paths(files) == ["base/b.yaml", "apps/v2/a.yaml"]


def test_links_of_links_and_links_inside_paths_are_followed() -> None:
    files = {"apps/a.yaml": Link("../one/a.yaml"), "one": Link("two"), "two/a.yaml": Link("./b.yaml"), "two/b.yaml": ""}
    assert paths(files) == ["two/b.yaml"]


def test_two_dots_after_a_link_mean_the_parent_of_where_it_leads() -> None:
    files = {"apps/a.yaml": Link("../one/../c.yaml"), "one": Link("x/two"), "x/two/d.txt": "", "x/c.yaml": "right"}
    assert [file.data for file in listing(files).files] == [b"right"]


@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside.yaml", "../../../etc", "x/../../../y"])
def test_links_that_leave_the_repository_are_refused(target: str) -> None:
    error = refusal({"apps/a.yaml": Link(target), "apps/x/y.yaml": ""})
    assert "apps/a.yaml: the symbolic link apps/a.yaml leaves the repository" in str(error)


def test_links_in_a_circle_are_refused() -> None:
    assert "circle" in str(refusal({"apps/a.yaml": Link("b.yaml"), "apps/b.yaml": Link("a.yaml")}))
    assert "leads back" in str(refusal({"apps/up": Link("."), "apps/a.yaml": ""}))
    assert "leads back" in str(refusal({"apps/deep/up": Link("../../apps"), "apps/a.yaml": ""}))


def test_a_link_to_nothing_is_left_out_with_a_warning() -> None:
    result = listing({"apps/a.yaml": Link("gone.yaml"), "apps/b.yaml": ""})
    assert len(result.files) == 1
    assert "leads nowhere" in str(result.warnings[0])


def test_a_submodule_in_the_way_is_an_error_unless_it_is_excluded() -> None:
    files = {"apps/vendor": SUBMODULE, "apps/a.yaml": ""}
    assert "submodules" in str(refusal(files))
    assert paths(files, options=Directory()) == ["apps/a.yaml"]
    assert paths(files, options=Directory(recurse=True, exclude="vendor")) == ["apps/a.yaml"]
    assert "submodule" in str(refusal(files, "apps/vendor"))


def test_a_git_lfs_pointer_is_an_error() -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n"
    assert "Git LFS" in str(refusal({"apps/a.yaml": pointer}))


def test_too_much_is_an_error_that_names_the_limit() -> None:
    half = b" " * (17 * 1024 * 1024)
    assert "32 MiB" in str(refusal({"apps/a.yaml": half, "apps/b.yaml": half}))


def test_folders_nested_without_end_are_an_error() -> None:
    assert "nested" in str(refusal({"apps/" + "d/" * 150 + "a.yaml": ""}))


def test_all_that_keeps_files_from_being_read_is_said_at_once() -> None:
    files = {
        "apps/a.yaml": Link("/x"),
        "apps/b.yaml": "version https://git-lfs.github.com/spec/v1",
        "apps/c": SUBMODULE,
    }
    assert [problem.file for problem in refusal(files).problems] == ["apps/a.yaml", "apps/b.yaml", "apps/c"]


def test_a_path_that_is_missing_names_repository_and_commit_and_what_is_there() -> None:
    error = refusal({"apps/web/a.yaml": "", "apps/shop/a.yaml": "", "x.yaml": ""}, "apps/wbe/deep")
    assert error.reason == "PathNotFound"
    assert str(error) == (
        f"there is no apps/wbe/deep in commit {COMMIT} of {REPOSITORY}; the folders in apps are shop, web"
    )
    assert "the folders in the root of the repository are apps" in str(refusal({"apps/a": ""}, "nope"))
    assert "there are no folders in apps" in str(refusal({"apps/a": ""}, "apps/nope"))


def test_a_path_that_is_a_file_is_an_error() -> None:
    error = refusal({"apps/a.yaml": ""}, "apps/a.yaml")
    assert error.reason == "PathNotFound"
    assert "is a file" in str(error)


@pytest.mark.parametrize("path", ["..", "../x", "apps/../../x", "/apps"])
def test_a_path_that_leaves_the_repository_is_refused(path: str) -> None:
    assert refusal({"apps/a.yaml": ""}, path).reason == "InvalidPath"


def test_a_path_is_cleaned_and_may_lead_over_links() -> None:
    assert paths({"apps/a.yaml": ""}, "./apps/x/../") == ["apps/a.yaml"]
    assert paths({"apps/a.yaml": "", "live": Link("apps")}, "live") == ["apps/a.yaml"]
    assert "leaves the repository" in str(refusal({"live": Link("/apps"), "a": ""}, "live"))


def test_an_empty_folder_renders_nothing_and_says_so() -> None:
    rendered = render(tree_of({"apps/README.md": ""}), "apps", Directory())
    assert rendered.resources == ()
    assert [str(warning) for warning in rendered.warnings] == ["no manifests were found in apps"]


def test_a_folder_with_folders_only_says_how_they_are_read() -> None:
    rendered = render(tree_of({"apps/web/a.yaml": manifest()}), "apps", Directory())
    assert [str(warning) for warning in rendered.warnings] == [
        "no manifests were found in apps; the folders in it are read with directory.recurse"
    ]


def test_a_path_inside_a_submodule_or_a_file_says_what_is_in_the_way() -> None:
    files = {"apps/vendor": SUBMODULE, "apps/a.yaml": ""}
    error = refusal(files, "apps/vendor/charts/web")
    assert (error.reason, str(error)) == (
        "UnsupportedSource",
        "apps/vendor is a Git submodule, which this version does not support",
    )
    assert "apps/a.yaml in commit" in str(refusal(files, "apps/a.yaml/deep"))
    assert "is a file" in str(refusal(files, "apps/a.yaml/deep"))


def test_a_render_knows_what_it_read_outside_its_folder() -> None:
    tree = tree_of({"apps/a.yaml": Link("../shared/a.yaml"), "shared/a.yaml": manifest(), "shared/b.yaml": manifest()})
    rendered = render(tree, "apps", Directory())
    assert [read.path for read in rendered.reads] == ["shared/a.yaml"]
    assert rendered.resources[0].origin.file == "shared/a.yaml"
