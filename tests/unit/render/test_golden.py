"""Each folder of `data` is a case: what stands in `input` gives what `expected.yaml` says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops_operator.errors import RenderError
from gitops_operator.model.application import ApplicationKey, Directory
from gitops_operator.model.resource import GroupKind
from gitops_operator.model.sending import stamped as with_annotations
from gitops_operator.render import render
from gitops_operator.render.stamp import stamp
from tests.unit.render.trees import FakeTree, tree_of

DATA = Path(__file__).parent / "data"
CASES = sorted(path for path in DATA.iterdir() if path.is_dir())
APP = ApplicationKey("team-a", "shop")
CLUSTER_SCOPED = {GroupKind("", "Namespace"), GroupKind("rbac.authorization.k8s.io", "ClusterRole")}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_gives_what_it_expects(case: Path) -> None:
    expected = yaml.safe_load((case / "expected.yaml").read_text("utf-8"))
    settings = expected.pop("settings", {})
    assert outcome(tree_at(case / "input"), settings) == expected


def tree_at(folder: Path) -> FakeTree:
    files = {
        f"in/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    return tree_of(files)


def outcome(tree: FakeTree, settings: dict[str, Any]) -> dict[str, Any]:
    namespace = settings.pop("namespace", "shop")
    try:
        rendered = render(tree, "in", Directory(**settings))
        stamped = stamp(rendered, APP, "", namespace, scope_of)
    except RenderError as error:
        return {"errors": [str(problem) for problem in error.problems]}
    found: dict[str, Any] = {"resources": [{"at": str(r.origin), **with_annotations(r)} for r in stamped.resources]}
    for resource in found["resources"]:
        del resource["metadata"]["annotations"]["gitops-operator.io/desired"]
    if stamped.warnings:
        found["warnings"] = [str(warning) for warning in stamped.warnings]
    return found


def scope_of(kind: GroupKind) -> bool:
    return kind not in CLUSTER_SCOPED
