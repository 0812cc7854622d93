"""A render is remembered by what was read, in memory and on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gitops_operator.errors import RenderError
from gitops_operator.model.application import Directory
from gitops_operator.render import Rendered
from gitops_operator.render.cache import Limits, RenderCache, Result
from tests.unit.render.trees import FakeTree, Link, manifest, tree_of

HERE = Directory()
FILES = {"apps/a.yaml": manifest(), "other/b.yaml": manifest(name="b")}


def result(cache: RenderCache, tree: FakeTree, path: str = "apps", options: Directory = HERE) -> Result:
    return cache.get_or_render(tree, path, options, now=0.0).result


def names(cache: RenderCache, tree: FakeTree) -> list[str]:
    return [resource.key.name for resource in cache.get_or_render(tree, "apps", HERE, now=0.0).rendered.resources]


def refusal(cache: RenderCache, tree: FakeTree, now: float = 0.0) -> RenderError:
    with pytest.raises(RenderError) as caught:
        cache.get_or_render(tree, "apps", HERE, now=now)
    return caught.value


def later(files: Mapping[str, object]) -> FakeTree:
    return tree_of(files, commit="b" * 40)


def test_the_second_look_reads_no_file() -> None:
    cache, tree = RenderCache(), tree_of(FILES)
    assert result(cache, tree) is Result.RENDERED
    tree.reads.clear()
    assert result(cache, tree) is Result.MEMORY
    assert tree.reads == []


def test_a_change_elsewhere_in_the_repository_renders_nothing() -> None:
    cache = RenderCache()
    result(cache, tree_of(FILES))
    assert result(cache, later(FILES | {"other/b.yaml": manifest(name="c")})) is Result.MEMORY


def test_without_recurse_a_change_below_the_folder_is_a_change_elsewhere() -> None:
    cache = RenderCache()
    result(cache, tree_of(FILES | {"apps/deep/x.yaml": manifest()}))
    assert result(cache, later(FILES | {"apps/deep/x.yaml": manifest(name="x")})) is Result.MEMORY


@pytest.mark.parametrize(
    "change",
    [{"apps/a.yaml": manifest(name="x")}, {"apps/c.yaml": manifest(name="c")}],
    ids=["changed", "added"],
)
def test_a_change_in_the_folder_renders_anew(change: dict[str, str]) -> None:
    cache = RenderCache()
    result(cache, tree_of(FILES))
    assert result(cache, later(FILES | change)) is Result.RENDERED


@pytest.mark.parametrize(
    "options", [Directory(recurse=True), Directory(include="a*"), Directory(exclude="b*")], ids=str
)
def test_other_options_are_another_render(options: Directory) -> None:
    cache = RenderCache()
    result(cache, tree_of(FILES))
    assert result(cache, tree_of(FILES), options=options) is Result.RENDERED


def test_a_change_behind_a_link_out_of_the_folder_renders_anew() -> None:
    files = {"apps/a.yaml": Link("../base/a.yaml"), "base/a.yaml": manifest()}
    cache = RenderCache()
    result(cache, tree_of(files))
    assert result(cache, tree_of(files)) is Result.MEMORY
    assert names(cache, later(files | {"base/a.yaml": manifest(name="new")})) == ["new"]


def test_a_link_that_led_nowhere_and_leads_somewhere_now_renders_anew() -> None:
    files: dict[str, object] = {"apps/a.yaml": Link("../base/a.yaml"), "base/x": ""}
    cache = RenderCache()
    assert names(cache, tree_of(files)) == []
    assert names(cache, later(files | {"base/a.yaml": manifest(name="new")})) == ["new"]


def test_a_failure_is_not_tried_again_for_a_while() -> None:
    cache, tree = RenderCache(limits=Limits(failure_seconds=30)), tree_of({"apps/a.yaml": "a: ["})
    first = refusal(cache, tree, now=100.0)
    tree.reads.clear()
    again = refusal(cache, tree, now=129.0)
    assert (again.problems, again.reason, tree.reads) == (first.problems, first.reason, [])
    refusal(cache, tree, now=131.0)
    assert tree.reads == ["apps/a.yaml"]


def test_a_failure_does_not_hold_for_the_next_commit() -> None:
    """What a link reads outside the folder may have been mended while the folder itself is as it was."""
    files = {"apps/a.yaml": Link("../base/a.yaml"), "base/a.yaml": "a: ["}
    cache = RenderCache()
    refusal(cache, tree_of(files))
    assert names(cache, later(files | {"base/a.yaml": manifest(name="mended")})) == ["mended"]


def test_what_is_forgotten_is_rendered_anew() -> None:
    cache = RenderCache()
    result(cache, tree_of(FILES))
    cache.forget(tree_of(FILES), "apps", HERE)
    assert result(cache, tree_of(FILES)) is Result.RENDERED


def test_a_forgotten_failure_is_tried_again() -> None:
    cache, tree = RenderCache(), tree_of({"apps/a.yaml": "a: ["})
    refusal(cache, tree)
    cache.forget(tree, "apps", HERE)
    tree.reads.clear()
    refusal(cache, tree)
    assert tree.reads == ["apps/a.yaml"]


def test_the_longest_unused_render_goes_first_when_memory_is_full() -> None:
    files = {f"{folder}/a.yaml": manifest(name=folder) for folder in "abc"}
    cache, tree = RenderCache(limits=Limits(memory_bytes=2 * len(manifest()))), tree_of(files)
    for folder in "abac":
        result(cache, tree, folder)
    assert result(cache, tree, "a") is Result.MEMORY
    assert result(cache, tree, "b") is Result.RENDERED


def test_renders_outlive_the_process_on_disk(tmp_path: Path) -> None:
    tree = tree_of(FILES | {"apps/w.yaml": manifest(name="w") + "  annotations: {argocd.argoproj.io/sync-wave: '3'}\n"})
    first = RenderCache(tmp_path).get_or_render(tree, "apps", HERE, now=0.0)
    answer = RenderCache(tmp_path).get_or_render(tree, "apps", HERE, now=0.0)
    assert answer.result is Result.DISK
    assert answer.rendered == first.rendered


def test_secrets_stay_in_memory(tmp_path: Path) -> None:
    tree = tree_of({"apps/a.yaml": manifest("Secret") + "stringData: {password: hunter2}\n"})
    assert result(RenderCache(tmp_path), tree) is Result.RENDERED
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("damage", ["cut", "changed", "empty"])
def test_a_damaged_render_on_disk_is_rendered_anew(tmp_path: Path, damage: str) -> None:
    result(RenderCache(tmp_path), tree_of(FILES))
    (stored,) = tmp_path.iterdir()
    data = stored.read_bytes()
    stored.write_bytes({"cut": data[:-1], "changed": data.replace(b'"a"', b'"b"'), "empty": b""}[damage])
    assert result(RenderCache(tmp_path), tree_of(FILES)) is Result.RENDERED
    assert result(RenderCache(tmp_path), tree_of(FILES)) is Result.DISK


def test_a_disk_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert result(RenderCache(blocked / "cache"), tree_of(FILES)) is Result.RENDERED


def test_the_disk_holds_no_more_than_its_limit(tmp_path: Path) -> None:
    tree = tree_of({f"f{number}/a.yaml": manifest(name=f"a{number}") for number in range(20)})
    cache = RenderCache(tmp_path, Limits(disk_bytes=1500))
    for number in range(20):
        result(cache, tree, f"f{number}")
    assert 0 < sum(path.stat().st_size for path in tmp_path.iterdir()) <= 1500


def test_what_a_crash_left_half_written_is_no_render(tmp_path: Path) -> None:
    (tmp_path / "x.tmp").write_bytes(b"half")
    assert result(RenderCache(tmp_path), tree_of(FILES)) is Result.RENDERED


def rendered(cache: RenderCache, tree: FakeTree) -> Rendered:
    return cache.get_or_render(tree, "apps", HERE, now=0.0).rendered


def test_of_files_that_have_not_changed_the_objects_are_those_of_the_render_before() -> None:
    cache, files = RenderCache(), {"apps/a.yaml": manifest(), "apps/b.yaml": manifest(name="b")}
    before = rendered(cache, tree_of(files)).resources
    after = rendered(cache, later(files | {"apps/a.yaml": manifest(name="x")})).resources
    assert [resource.key.name for resource in after] == ["x", "b"]
    assert after[1] is before[1]


def test_what_is_taken_from_the_render_before_is_what_reading_it_would_give() -> None:
    files = {"apps/a.yaml": manifest(), "apps/b.yaml": manifest(name="b"), "apps/c.yaml": manifest(name="c")}
    moved = later({"apps/b.yaml": manifest(name="b"), "apps/d.yaml": manifest(name="c"), "apps/e.yaml": manifest()})
    cache = RenderCache()
    rendered(cache, tree_of(files))
    assert rendered(cache, moved) == rendered(RenderCache(), moved)


def test_a_warning_about_a_file_stays_when_another_file_changes() -> None:
    annotated = manifest() + "  annotations:\n    argocd.argoproj.io/tracking-id: x\n"
    cache, files = RenderCache(), {"apps/a.yaml": annotated, "apps/b.yaml": manifest(name="b")}
    before = rendered(cache, tree_of(files))
    after = rendered(cache, later(files | {"apps/b.yaml": manifest(name="x")}))
    assert after.warnings == before.warnings != ()


def test_a_hard_refresh_reads_every_file_anew() -> None:
    cache, tree = RenderCache(), tree_of(FILES)
    before = rendered(cache, tree).resources
    cache.forget(tree, "apps", HERE)
    after = rendered(cache, tree).resources
    assert after[0] is not before[0]
