"""Small applications of Argo CD's own tests, run as they are; they stand beside the checkout and are never copied."""

from collections.abc import Iterator

import pytest

from tests.cluster.kube import Json, KubeError
from tests.cluster.operator import NAMESPACE, ROOT
from tests.cluster.scene import APPLICATION, AUTOMATED, Scene, config_map

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(120)]

EXAMPLES = ROOT.parent / "shared" / "fixtures" / "example-apps"
ONCE = {**AUTOMATED, "retry": {"limit": 0}}
DEFINITIONS = ("dummies.argoproj.io", "clusterdummies.argoproj.io")


def example(folder: str) -> dict[str, str]:
    """Its manifests; what only lists them (kustomization.yaml) stays away. Where they are absent the test says so."""
    if not EXAMPLES.is_dir():
        pytest.skip(f"the example applications are not here: {EXAMPLES} is absent")
    files = sorted((EXAMPLES / folder).glob("*.yaml"))
    return {file.name: file.read_text() for file in files if file.name != "kustomization.yaml"}


def hooks(scene: Scene) -> dict[str, str]:
    found = (scene.status().get("operation") or {}).get("hooks", ())
    return {f"{one['phase']} {one['name']}": one["status"] for one in found}


def born(found: Json | None) -> str:
    assert found is not None
    return str(found["metadata"]["creationTimestamp"])


def test_sync_waves(scene: Scene) -> None:
    scene.follow(example("sync-waves"))
    assert scene.config_maps() == {"cm-1", "cm-2"}
    assert born(scene.object("ConfigMap", "cm-1")) <= born(scene.object("ConfigMap", "cm-2"))
    assert scene.status()["operation"]["cursor"] == {"phase": "Sync", "wave": 2}


@pytest.mark.parametrize(
    "folder,outcomes",
    [
        ("hook", {"Sync hook": "Succeeded"}),
        ("hook-and-deployment", {"Sync my-hook": "Succeeded"}),
        ("multi-namespace-hook", {"PostSync my-hook": "Succeeded"}),
    ],
)
def test_hooks_of_a_sync(scene: Scene, folder: str, outcomes: dict[str, str]) -> None:
    scene.follow(example(folder))
    assert hooks(scene) == outcomes


def test_hooks_before_a_deletion(scene: Scene) -> None:
    scene.follow(example("pre-delete-hook"))
    assert scene.object("Pod", "hook") is None
    scene.delete()
    scene.wait_for(lambda: scene.object("Pod", "hook") is not None, "the hook runs")
    scene.wait_gone()
    assert scene.object("ConfigMap", "guestbook-ui") is None


def test_hooks_after_a_deletion(scene: Scene) -> None:
    scene.follow({**example("post-delete-hook"), "kept.yaml": config_map("kept")})
    scene.delete()
    scene.wait_gone()
    assert scene.object("ConfigMap", "kept") is None
    hook = scene.object("Pod", "hook")
    assert hook is not None
    assert hook["status"]["phase"] == "Succeeded"


def test_prunes_go_in_reverse_waves(scene: Scene) -> None:
    scene.follow({**example("syncwaves-prune-order"), "kept.yaml": config_map("kept")})
    scene.repository.commit(dict.fromkeys(example("syncwaves-prune-order")))

    def pod_is_going() -> bool:
        return "deletionTimestamp" in ((scene.object("Pod", "pod-with-finalizers") or {}).get("metadata") or {})

    def role_binding() -> Json | None:
        return scene.object("rbac.authorization.k8s.io/RoleBinding", "modify-pods-rolebinding")

    scene.wait_for(pod_is_going, "the pod goes first")
    assert scene.stays(lambda: role_binding() is not None)
    # What its preStop hook does, where pods are real.
    scene.kube.edit("Pod", "pod-with-finalizers", scene.namespace, {"metadata": {"finalizers": None}})
    scene.wait_for(lambda: role_binding() is None, "the rest follows")
    scene.wait_for(lambda: scene.object("ServiceAccount", "modify-pods-sa") is None, "the first wave goes last")


@pytest.fixture
def defined(scene: Scene) -> Iterator[Scene]:
    """Their CRDs stay when an Application goes."""
    yield scene
    scene.clear()
    for name in DEFINITIONS:
        try:
            scene.kube.delete("CustomResourceDefinition", name)
        except KubeError as error:
            if error.status != 404:
                raise


def test_crds_come_with_their_objects(defined: Scene) -> None:
    defined.follow(example("crd-creation"))
    assert defined.object("argoproj.io/Dummy", "dummy-crd-instance") is not None
    assert defined.object("argoproj.io/ClusterDummy", "cluster-dummy-crd-instance", "") is not None
    assert defined.status()["operation"]["attempts"] == 1


def test_a_failure_during_a_sync_is_told_and_ends_it(scene: Scene) -> None:
    scene.repository.commit(example("failure-during-sync"))
    scene.create(syncPolicy=ONCE)
    scene.wait_condition("Ready", "SyncFailed", "failure-during-sync.yaml:", "has-inva/id-character!")
    identity = scene.status()["operation"]["id"]
    assert scene.stays(lambda: scene.status()["operation"]["id"] == identity)


def test_what_validate_false_lets_through(scene: Scene) -> None:
    scene.follow(example("sync-options-validate-false"))
    assert scene.config_maps() == {"invalid-cm"}


def test_an_app_of_apps(scene: Scene) -> None:
    child = f"{scene.name}-child"
    values = {
        "Name": child,
        "ArgoCDNamespace": NAMESPACE,
        "Project": "default",
        "RepoURL": scene.url,
        "Path": "child",
        "DeploymentNamespace": scene.namespace,
    }
    text = example("declarative-apps")["app.yaml"].replace("argoproj.io/v1alpha1", "gitops-operator.io/v1alpha1")
    for name, value in values.items():
        text = text.replace("{{." + name + "}}", value)
    scene.repository.commit({"parent/app.yaml": text, "child/one.yaml": config_map("one")})
    scene.create(source={"repoURL": scene.url, "path": "parent"})
    scene.wait_for(lambda: scene.kube.find(APPLICATION, child, NAMESPACE) is not None, "the child is there")
    scene.wait_condition("Synced", "NotAutomated", name=child)
    scene.wait_condition("Healthy", "Progressing", child)
    scene.edit({"operation": {"sync": {}}}, name=child)
    scene.wait_ready()
    assert scene.config_maps() == {"one"}
