"""What `explain` says of objects as the real API server stores them."""

import json

import pytest

from devcluster.cluster import DevCluster
from gitops_operator.diff.explain import explain
from tests.adapters.law_objects import GIZMOS, real
from tests.adapters.workbench import workbench

pytestmark = pytest.mark.cluster


async def test_nothing_differs_in_what_our_apply_left_whatever_the_server_made_of_it(
    devcluster: DevCluster, namespace: str
) -> None:
    """Defaults, `1000m` that became `1`, and empty values are the server's words for what Git says."""
    devcluster.apply(json.dumps(GIZMOS))
    devcluster.established(GIZMOS["metadata"]["name"])
    async with workbench(devcluster, namespace) as bench:
        manifests = [manifest for manifest in real() if manifest["apiVersion"] != "autoscaling/v1"]  # watched as v2
        resources = [bench.desired(manifest) for manifest in manifests]
        await bench.sync(*resources)
        told = {str(resource.key): explain(resource, await bench.look(resource)) for resource in resources}
    assert {key: found for key, found in told.items() if found} == {}


async def test_what_somebody_edited_is_told_with_both_values_and_the_editor(
    devcluster: DevCluster, namespace: str
) -> None:
    manifest = next(one for one in real() if one["kind"] == "Deployment")
    async with workbench(devcluster, namespace) as bench:
        desired = bench.desired(manifest)
        await bench.sync(desired)
        path = "/spec/template/spec/containers/0/"
        edits = [
            {"op": "replace", "path": path + "image", "value": "app:2"},
            {"op": "replace", "path": path + "resources/limits/cpu", "value": "2"},
            {"op": "remove", "path": path + "env/0"},
        ]
        live = await bench.patch(desired, edits)
        found = {one.path: (one.desired, one.live, one.manager) for one in explain(desired, live)}
    app = '.spec.template.spec.containers[name="app"]'
    assert found[f"{app}.image"] == ("app:1", "app:2", "kubectl-edit")
    assert found[f"{app}.resources.limits.cpu"] == ("1000m", "2", "kubectl-edit")
    assert (f"{app}.env[0]" in found) or (f'{app}.env[name="A"]' in found)
    assert len(found) == 3


async def test_what_git_removed_is_told(devcluster: DevCluster, namespace: str) -> None:
    first = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "map"}, "data": {"a": "1", "b": "2"}}
    async with workbench(devcluster, namespace) as bench:
        await bench.sync(bench.desired(first))
        second = bench.desired({**first, "data": {"a": "1"}})
        found = explain(second, await bench.look(second))
    assert [(one.path, one.desired, one.live) for one in found] == [(".data.b", None, "2")]
