"""What a user reads when manifests are wrong: the object, its file and line; nothing is lost."""

import json

import pytest

from tests.cluster.kube import Json
from tests.cluster.operator import NAMESPACE
from tests.cluster.published import published
from tests.cluster.scene import TRACKING, Scene, config_map, deployment

pytestmark = pytest.mark.cluster

ONE = config_map("one")
GADGETS = "gadgets.bad-manifests.example.com"


def test_broken_yaml_is_told_with_file_line_and_column_and_nothing_is_done(scene: Scene) -> None:
    scene.follow({"one.yaml": ONE, "two.yaml": config_map("two")})
    scene.repository.commit({"two.yaml": "kind: ConfigMap\nmetadata: {name: two\n"})
    scene.wait_condition("Ready", "RenderFailed", "two.yaml:3:1", status="False")
    assert scene.stays(lambda: scene.config_maps() == {"one", "two"})
    scene.wait_at(scene.repository.commit({"two.yaml": config_map("two", key="mended")}))


def test_all_broken_files_are_told_at_once(scene: Scene) -> None:
    scene.repository.commit({"a.yaml": "a: [", "b.yaml": "kind: ConfigMap\nmetadata: {}\n", "one.yaml": ONE})
    scene.create()
    scene.wait_condition("Ready", "a.yaml:1", "b.yaml:1", status="False")
    assert scene.config_maps() == set()


def test_an_alias_bomb_is_refused(scene: Scene) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    scene.repository.commit({"bomb.yaml": "\n".join(lines), "one.yaml": ONE})
    scene.create()
    scene.wait_condition("Ready", "RenderFailed", "bomb.yaml", status="False")
    scene.repository.delete("bomb.yaml")
    scene.wait_ready()


def test_an_object_that_is_too_large_is_named_and_the_others_are_made(scene: Scene) -> None:
    scene.repository.commit({"huge.yaml": config_map("huge", key="x" * 4_000_000), "one.yaml": ONE})
    scene.create()
    scene.wait_condition("Ready", "huge", "huge.yaml:1", status="False")
    assert scene.config_maps() == {"one"}
    scene.wait_at(scene.repository.commit({"huge.yaml": config_map("huge")}))


def test_a_kind_that_nobody_serves_is_named_and_waited_for(scene: Scene) -> None:
    gadget = {"apiVersion": "bad-manifests.example.com/v1", "kind": "Gadget", "metadata": {"name": "it"}}
    scene.repository.commit({"gadget.yaml": json.dumps(gadget), "one.yaml": ONE})
    scene.create()
    scene.wait_condition("Ready", "KindUnknown", "Gadget", "gadget.yaml:1", status="False")
    assert scene.config_maps() == set()
    scene.kube.create(gadgets())
    try:
        scene.wait_ready()
        assert scene.object("Gadget", "it") is not None
    finally:
        scene.clear()
        scene.kube.delete("CustomResourceDefinition", GADGETS)


def gadgets() -> Json:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": GADGETS},
        "spec": {
            "group": "bad-manifests.example.com",
            "names": {"kind": "Gadget", "plural": "gadgets"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def test_a_crd_and_its_first_object_arrive_in_one_sync(scene: Scene) -> None:
    gadget = {"apiVersion": "bad-manifests.example.com/v1", "kind": "Gadget", "metadata": {"name": "it"}}
    scene.repository.commit({"gadget.yaml": json.dumps(gadget), "crd.yaml": json.dumps(gadgets())})
    scene.create()
    try:
        scene.wait_ready()
        assert scene.object("Gadget", "it") is not None
        assert scene.status()["operation"]["attempts"] == 1
    finally:
        scene.clear()
        scene.kube.delete("CustomResourceDefinition", GADGETS)


def test_a_field_that_the_kind_does_not_have_is_named_with_its_place(scene: Scene) -> None:
    web = json.loads(deployment("web"))
    web["spec"]["replicaz"] = 2
    scene.repository.commit({"web.yaml": json.dumps(web, indent=1), "one.yaml": ONE})
    scene.create()
    scene.wait_condition("Ready", "web", "web.yaml:", "replicaz", status="False")
    scene.wait_for(lambda: scene.config_maps() == {"one"}, "the other object is made")
    scene.wait_at(scene.repository.commit({"web.yaml": deployment("web")}))


def test_a_value_that_the_server_refuses_is_told_in_its_words(scene: Scene) -> None:
    scene.repository.commit({"web.yaml": deployment("web", replicas=-1)})
    scene.create()
    scene.wait_condition("Ready", "web", "web.yaml:1", "spec.replicas", status="False")
    scene.wait_at(scene.repository.commit({"web.yaml": deployment("web")}))


def test_an_error_in_a_later_wave_is_found_before_anything_is_written(scene: Scene) -> None:
    scene.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": scene.namespace}})
    scene.repository.commit({"one.yaml": ONE, "web.yaml": deployment("web", 1, replicas=-1)})
    scene.create()
    scene.wait_condition("Ready", "web.yaml:1", "spec.replicas", status="False")
    assert scene.config_maps() == set()


def test_an_object_that_stands_twice_is_told_with_both_places(scene: Scene) -> None:
    scene.repository.commit({"a.yaml": ONE, "b.yaml": config_map("one", key="other")})
    scene.create()
    scene.wait_condition("Ready", "one", "a.yaml:1", "b.yaml:1", status="False")
    assert scene.config_maps() == set()
    scene.wait_at(scene.repository.commit({"b.yaml": None}))


def test_an_object_of_another_application_is_left_to_it(scene: Scene) -> None:
    scene.follow({"a/one.yaml": ONE, "b/one.yaml": config_map("one", key="thief")}, source=source(scene, "a"))
    other = f"{scene.name}-b"
    scene.create(other, source=source(scene, "b"))
    scene.wait_condition("Ready", "OwnershipConflict", "one", "one.yaml:1", scene.name, name=other, status="False")
    assert scene.stays(lambda: scene.data("one") == {"key": "git"})
    assert scene.is_ready()
    scene.edit({"spec": {"deletionPolicy": "Orphan"}})
    scene.wait_ready()
    scene.repository.commit({"a/one.yaml": config_map("mine")})
    scene.wait_for(lambda: scene.data("one") == {"key": "thief"}, "the other has it")
    scene.wait_ready(other)


def source(scene: Scene, path: str) -> Json:
    return {"repoURL": scene.url, "path": path}


def test_a_namespace_that_is_missing_is_named_and_waited_for(scene: Scene) -> None:
    scene.repository.commit({"one.yaml": ONE})
    scene.create(syncPolicy={"automated": {"prune": True, "selfHeal": True}})
    scene.wait_condition("Ready", scene.namespace, "namespace", status="False")
    scene.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": scene.namespace}})
    scene.wait_ready()


def test_a_namespace_that_is_going_is_waited_for(scene: Scene) -> None:
    scene.follow({"one.yaml": ONE})
    hold = {"metadata": {"finalizers": ["example.com/hold"]}}
    scene.kube.edit("ConfigMap", "one", scene.namespace, hold)
    scene.kube.delete("Namespace", scene.namespace)
    scene.wait_condition("Ready", "one", status="False")
    scene.kube.edit("ConfigMap", "one", scene.namespace, {"metadata": {"finalizers": None}})
    scene.wait_for(lambda: scene.data("one") == {"key": "git"}, "it comes again in a new namespace")
    scene.wait_ready()


def test_an_object_that_is_stuck_in_deletion_is_named_with_its_finalizers(scene: Scene) -> None:
    scene.follow({"one.yaml": ONE, "two.yaml": config_map("two")})
    scene.kube.edit("ConfigMap", "one", scene.namespace, {"metadata": {"finalizers": ["example.com/hold"]}})
    scene.repository.delete("one.yaml")
    scene.wait_condition("Ready", "ConfigMap", "one", "example.com/hold", status="False")
    scene.kube.edit("ConfigMap", "one", scene.namespace, {"metadata": {"finalizers": None}})
    scene.wait_ready()
    assert scene.config_maps() == {"two"}


def test_a_deleted_object_with_a_finalizer_is_made_again_when_it_is_gone(scene: Scene) -> None:
    scene.follow({"one.yaml": ONE})
    scene.kube.edit("ConfigMap", "one", scene.namespace, {"metadata": {"finalizers": ["example.com/hold"]}})
    uid = scene.kube.get("ConfigMap", "one", scene.namespace)["metadata"]["uid"]
    scene.kube.delete("ConfigMap", "one", scene.namespace)
    scene.wait_condition("Ready", "one", "example.com/hold", status="False")
    scene.kube.edit("ConfigMap", "one", scene.namespace, {"metadata": {"finalizers": None}})

    def is_new() -> bool:
        found = scene.object("ConfigMap", "one")
        return found is not None and found["metadata"]["uid"] != uid

    scene.wait_for(is_new, "it is made again")
    scene.wait_ready()


def test_a_deletion_that_is_stuck_names_the_object_and_its_finalizers(scene: Scene) -> None:
    scene.follow({"one.yaml": ONE})
    scene.kube.edit("ConfigMap", "one", scene.namespace, {"metadata": {"finalizers": ["example.com/hold"]}})
    scene.delete()
    scene.wait_condition("Ready", "Deleting", "one", "example.com/hold", status="False")
    scene.kube.edit("ConfigMap", "one", scene.namespace, {"metadata": {"finalizers": None}})
    scene.wait_gone()


def test_objects_of_an_application_that_is_gone_are_adopted_by_another(scene: Scene) -> None:
    scene.follow({"a/one.yaml": ONE}, source=source(scene, "a"), deletionPolicy="Orphan")
    scene.delete()
    scene.wait_gone()
    other = f"{scene.name}-b"
    scene.create(other, source=source(scene, "a"))
    scene.wait_ready(other)
    annotations = (scene.object("ConfigMap", "one") or {})["metadata"]["annotations"]
    assert annotations[TRACKING].startswith(f"{NAMESPACE}/{other}:")


def test_an_application_of_a_namespace_that_is_not_served_is_told_so(scene: Scene) -> None:
    scene.repository.commit({"one.yaml": ONE})
    application = scene.application()
    application["metadata"]["namespace"] = "default"
    scene.kube.apply(application)
    try:

        def told() -> bool:
            status = scene.kube.get("gitops-operator.io/Application", scene.name, "default").get("status") or {}
            return any("does not act on" in one["message"] for one in status.get("conditions") or ())

        scene.operator.wait_for(told, "the condition says it")
    finally:
        scene.kube.delete("gitops-operator.io/Application", scene.name, "default")


def test_two_ports_of_one_key_are_refused_with_their_place(scene: Scene) -> None:
    scene.repository.commit(published("ingress-nginx/aws-nlb-tls.yaml"))
    scene.create()
    condition = scene.wait_condition("Ready", "ingress-nginx-controller", "aws-nlb-tls.yaml:", status="False")
    assert "Replace=true" in condition["message"]
    assert "ports" in condition["message"]
