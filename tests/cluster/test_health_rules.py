"""Health rules of the users', from a ConfigMap, in the running operator."""

import pytest

from tests.cluster.operator import NAMESPACE
from tests.cluster.scene import Scene, config_map

pytestmark = pytest.mark.cluster

RULES = """
ConfigMap:
  lua: |
    if obj.data and obj.data.mood == nil then return {} end
    return {status = obj.data.mood, message = "by rule"}
"""
IN_CEL = """
ConfigMap:
  cel:
    failed: has(data.mood) && data.mood == 'Degraded'
    current: "true"
"""


def test_a_health_rule_holds_at_once_and_as_long_as_it_stands_there(scene: Scene) -> None:
    scene.follow({"one.yaml": config_map("one", mood="Degraded")})
    name = "gitops-operator-health"
    try:
        for text, message in ((RULES, "by rule"), (IN_CEL, "")):
            metadata = {"name": name, "namespace": NAMESPACE}
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"health.yaml": text}}
            scene.kube.apply(body)
            scene.wait_condition("Healthy", "Degraded")
            scene.wait_for(lambda: message in str(scene.status()["health"]), f"a message with {message!r}")  # noqa: B023 - waited for here
    finally:
        scene.kube.delete("ConfigMap", name, NAMESPACE)
    scene.wait_ready()
