import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devcluster import named
from devcluster.binaries import ensure_binaries
from devcluster.cluster import DevCluster
from devcluster.errors import DevClusterError
from devcluster.folders import DataFolder
from devcluster.waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(180)]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def fragile() -> Iterator[DevCluster]:
    """A cluster of our own, to stop and freeze parts of."""
    with DevCluster("fragile") as cluster:
        yield cluster


# What the fake kubelet makes of objects


def test_a_deployment_becomes_available(devcluster: DevCluster, namespace: str) -> None:
    apply(devcluster, namespace, deployment())
    devcluster.kubectl("wait", "-n", namespace, "--for=condition=Available", "deployment/web", "--timeout=30s")
    assert status(devcluster, namespace, "deployment/web")["observedGeneration"] == 1


def test_a_job_completes(devcluster: DevCluster, namespace: str) -> None:
    apply(devcluster, namespace, job())
    devcluster.kubectl("wait", "-n", namespace, "--for=condition=Complete", "job/work", "--timeout=30s")


def test_a_job_whose_pods_fail_is_failed(devcluster: DevCluster, namespace: str) -> None:
    apply(devcluster, namespace, job(behaviour="fail"))
    devcluster.kubectl("wait", "-n", namespace, "--for=condition=Failed", "job/work", "--timeout=30s")


def test_a_pod_crashes_in_a_loop(devcluster: DevCluster, namespace: str) -> None:
    apply(devcluster, namespace, pod(behaviour="crash-loop"))
    container = waiting_container(devcluster, namespace, "containerStatuses", "CrashLoopBackOff")
    assert container["restartCount"] == 1
    assert container["lastState"]["terminated"]["exitCode"] == 1


def test_a_pod_that_is_restarted_always_cannot_fail_and_crashes_in_a_loop(
    devcluster: DevCluster, namespace: str
) -> None:
    apply(devcluster, namespace, pod(behaviour="fail"))
    waiting_container(devcluster, namespace, "containerStatuses", "CrashLoopBackOff")


def test_an_init_container_crashes_in_a_loop(devcluster: DevCluster, namespace: str) -> None:
    apply(devcluster, namespace, pod(behaviour="init-crash-loop"))
    waiting_container(devcluster, namespace, "initContainerStatuses", "CrashLoopBackOff")
    assert status(devcluster, namespace, "pod/pod")["phase"] == "Pending"


def test_an_image_cannot_be_pulled(devcluster: DevCluster, namespace: str) -> None:
    apply(devcluster, namespace, pod(behaviour="image-pull-error"))
    container = waiting_container(devcluster, namespace, "containerStatuses", "ImagePullBackOff")
    assert "web:1" in container["state"]["waiting"]["message"]


def test_a_slow_pod_is_ready_after_some_seconds(devcluster: DevCluster, namespace: str) -> None:
    apply(devcluster, namespace, pod(behaviour="slow"))
    wait_until(lambda: status(devcluster, namespace, "pod/pod").get("phase") == "Running", "the slow pod to run")
    assert not is_ready(devcluster, namespace)
    took = wait_until(lambda: is_ready(devcluster, namespace), "the slow pod to be ready")
    assert took > 2


def test_a_behaviour_may_be_an_annotation(devcluster: DevCluster, namespace: str) -> None:
    body = pod(behaviour="image-pull-error")
    body["metadata"]["annotations"] = body["metadata"].pop("labels")
    apply(devcluster, namespace, body)
    waiting_container(devcluster, namespace, "containerStatuses", "ImagePullBackOff")


def test_a_deleted_pod_waits_for_its_finalizers(devcluster: DevCluster, namespace: str) -> None:
    body = pod()
    body["metadata"]["finalizers"] = ["example.com/wait"]
    apply(devcluster, namespace, body)
    devcluster.kubectl("delete", "-n", namespace, "pod/pod", "--wait=false")
    time.sleep(1)
    assert "deletionTimestamp" in get(devcluster, namespace, "pod/pod")["metadata"]
    patch = '{"metadata":{"finalizers":null}}'
    devcluster.kubectl("patch", "-n", namespace, "pod/pod", "--type=merge", "-p", patch)
    devcluster.kubectl("wait", "-n", namespace, "--for=delete", "pod/pod", "--timeout=30s")


def test_a_load_balancer_and_an_ingress_get_an_address(devcluster: DevCluster, namespace: str) -> None:
    apply(devcluster, namespace, load_balancer(), ingress())
    for name in ("service/web", "ingress/web"):
        path = "--for=jsonpath={.status.loadBalancer.ingress[0].ip}"
        devcluster.kubectl("wait", "-n", namespace, path, name, "--timeout=30s")


def test_a_load_balancer_may_be_made_to_wait_for_ever(devcluster: DevCluster, namespace: str) -> None:
    apply(devcluster, namespace, load_balancer(behaviour="pending"))
    time.sleep(1)
    assert status(devcluster, namespace, "service/web") == {"loadBalancer": {}}


def test_an_autoscaler_is_content_and_leaves_its_target_alone(devcluster: DevCluster, namespace: str) -> None:
    apply(devcluster, namespace, deployment(), autoscaler())
    devcluster.kubectl("wait", "-n", namespace, "--for=condition=ScalingActive", "hpa/web", "--timeout=30s")
    devcluster.kubectl("scale", "-n", namespace, "deployment/web", "--replicas=4")
    path = "--for=jsonpath={.status.availableReplicas}=4"
    devcluster.kubectl("wait", "-n", namespace, path, "deployment/web", "--timeout=30s")
    assert get(devcluster, namespace, "deployment/web")["spec"]["replicas"] == 4


def test_a_claim_is_bound_and_its_volume_goes_with_it(devcluster: DevCluster, namespace: str) -> None:
    apply(devcluster, namespace, claim())
    devcluster.kubectl("wait", "-n", namespace, "--for=jsonpath={.status.phase}=Bound", "pvc/data", "--timeout=30s")
    volume = get(devcluster, namespace, "pvc/data")["spec"]["volumeName"]
    devcluster.kubectl("delete", "-n", namespace, "pvc/data")
    devcluster.kubectl("wait", "--for=delete", f"pv/{volume}", "--timeout=30s")


# Who may do what


def test_a_service_account_may_do_only_what_its_role_says(devcluster: DevCluster, namespace: str) -> None:
    kubeconfig = str(devcluster.kubeconfig_for("default", namespace))
    with pytest.raises(DevClusterError, match="forbidden"):
        devcluster.kubectl("get", "pods", "-n", namespace, "--kubeconfig", kubeconfig)
    subject = f"--serviceaccount={namespace}:default"
    devcluster.kubectl("create", "rolebinding", "-n", namespace, "view", "--clusterrole=view", subject)
    wait_until(lambda: may_list_pods(devcluster, namespace, kubeconfig), "the role to count")


def test_versions_are_those_of_the_modules(devcluster: DevCluster) -> None:
    answer = json.loads(devcluster.kubectl("version", "-o", "json"))
    assert answer["serverVersion"]["gitVersion"] == answer["clientVersion"]["gitVersion"] == "v1.37.2"
    assert answer["serverVersion"]["minor"] == "37"


# Bad days


def test_the_api_server_comes_back_with_its_data_and_address(fragile: DevCluster) -> None:
    url, token = fragile.url, fragile.token("default")
    fragile.kubectl("create", "configmap", "kept", "--from-literal=a=b")
    with fragile.apiserver_down(), pytest.raises(DevClusterError, match="refused"):
        fragile.kubectl("get", "configmap", "kept")
    assert fragile.url == url
    assert fragile.kubectl("get", "configmap", "kept", "-o", "jsonpath={.data.a}") == "b"
    assert fragile.kubectl("auth", "whoami", "--token", token, "--kubeconfig", kubeconfig_without_user(fragile))


def test_controllers_go_on_after_a_restart_of_the_api_server(fragile: DevCluster) -> None:
    with fragile.apiserver_down():
        time.sleep(8)  # long enough for client-go to wait longer and longer
    apply(fragile, "default", deployment())
    fragile.kubectl("wait", "--for=condition=Available", "deployment/web", "--timeout=10s")


def test_a_controller_that_ended_without_the_api_server_is_started_again_with_it(fragile: DevCluster) -> None:
    with fragile.apiserver_down():
        os.kill(fragile.pid("kwok"), signal.SIGKILL)
        wait_until(lambda: not is_alive(fragile, "kwok"), "kwok to end", timeout=10)
    assert is_alive(fragile, "kwok")


def test_a_controller_that_was_stopped_stays_stopped(fragile: DevCluster) -> None:
    fragile.stop_component("kube-scheduler")
    with fragile.apiserver_down():
        pass
    with pytest.raises(DevClusterError, match="kube-scheduler is not running"):
        fragile.pid("kube-scheduler")
    fragile.start_component("kube-scheduler")


def test_a_paused_api_server_is_silent_until_it_is_resumed(fragile: DevCluster) -> None:
    fragile.pause("kube-apiserver")
    with pytest.raises(DevClusterError, match="took longer"):
        fragile.kubectl("get", "nodes", timeout=2)
    fragile.resume("kube-apiserver")
    assert "devcluster" in fragile.kubectl("get", "nodes")


def test_a_component_that_died_is_named_with_the_end_of_its_log(fragile: DevCluster) -> None:
    os.kill(fragile.pid("kube-apiserver"), signal.SIGKILL)
    with pytest.raises(DevClusterError, match=r"kube-apiserver died \(signal 9\); the end of its log"):
        fragile.kubectl("get", "nodes")
    fragile.start_apiserver()


def test_a_component_that_cannot_start_shows_its_log(tmp_path: Path) -> None:
    for name in ensure_binaries().iterdir():
        (tmp_path / name.name).symlink_to(name)
    (tmp_path / "kube-apiserver").unlink()
    (tmp_path / "kube-apiserver").write_text("#!/bin/sh\necho out of cheese; exit 3\n")
    (tmp_path / "kube-apiserver").chmod(0o755)
    cluster = DevCluster("broken", binaries=tmp_path)
    with pytest.raises(DevClusterError, match=r"kube-apiserver died \(exit code 3\)(?s:.*)out of cheese"):
        cluster.start()
    with pytest.raises(DevClusterError, match="is not running"):
        _ = cluster.folder


# Nothing is left


def test_two_clusters_do_not_know_each_other(devcluster: DevCluster, fragile: DevCluster) -> None:
    assert devcluster.url != fragile.url
    fragile.kubectl("create", "namespace", "only-here")
    assert "only-here" not in devcluster.kubectl("get", "namespaces")


def test_run_passes_the_exit_code_on_and_leaves_nothing() -> None:
    answer = devcluster_command("run", "--", "sh", "-c", "echo $KUBECONFIG; kubectl get nodes -o name; false")
    kubeconfig, node = answer.stdout.split()
    assert (answer.returncode, node) == (1, "node/devcluster")
    assert not Path(kubeconfig).parent.exists()
    assert not processes_of(Path(kubeconfig).parent)


@pytest.mark.parametrize("number,code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_run_and_leaves_nothing(number: signal.Signals, code: int) -> None:
    with running("run", "--", "sh", "-c", "echo $KUBECONFIG; exec sleep 60") as process:
        folder = Path(first_line(process)).parent
        os.killpg(process.pid, number)
        assert process.wait(30) == code
    assert not folder.exists()
    assert not processes_of(folder)


def test_sigkill_of_the_parent_leaves_no_process_and_the_next_start_sweeps_the_folder() -> None:
    with running("run", "--", "sh", "-c", "echo $KUBECONFIG; exec sleep 60") as process:
        folder = Path(first_line(process)).parent
        assert len(processes_of(folder)) == 5
        process.kill()
    wait_until(lambda: not processes_of(folder), "all components to die", timeout=10)
    assert folder.exists()
    DataFolder("sweeper").remove()  # what every cluster begins with
    assert not folder.exists()


def test_up_stays_until_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(ensure_binaries()))
    monkeypatch.setenv("DEVCLUSTER_CACHE", str(tmp_path))
    first, again = devcluster_command("up", "--name", "stay"), devcluster_command("up", "--name", "stay")
    assert first.returncode == again.returncode == 0, first.stderr + again.stderr
    assert first.stdout == again.stdout
    kubeconfig = devcluster_command("kubeconfig", "--name", "stay").stdout.strip()
    assert first.stdout.strip() == f"export KUBECONFIG={kubeconfig}"
    assert devcluster_command("list").stdout.split() == ["stay"]
    standing = named.look_up("stay")
    nodes = subprocess.run([standing.kubectl, "--kubeconfig", kubeconfig, "get", "nodes"], check=True)
    assert nodes.returncode == 0
    assert devcluster_command("down", "--name", "stay").returncode == 0
    assert not processes_of(Path(kubeconfig).parent)
    assert not Path(kubeconfig).exists()
    assert "no cluster named stay is up" in devcluster_command("down", "--name", "stay").stderr


# Builders and helpers


def deployment() -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def job(behaviour: str = "none") -> dict[str, Any]:
    pod_spec = {"restartPolicy": "Never", "containers": [{"name": "work", "image": "work:1"}]}
    template = {"metadata": {"labels": {"devcluster/behaviour": behaviour}}, "spec": pod_spec}
    spec = {"backoffLimit": 0, "template": template}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "work"}, "spec": spec}


def pod(behaviour: str = "none") -> dict[str, Any]:
    container = {"name": "web", "image": "web:1"}
    spec = {"containers": [container], "initContainers": [{**container, "name": "init"}]}
    metadata = {"name": "pod", "labels": {"devcluster/behaviour": behaviour}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def load_balancer(behaviour: str = "none") -> dict[str, Any]:
    metadata = {"name": "web", "labels": {"devcluster/behaviour": behaviour}}
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def ingress() -> dict[str, Any]:
    spec = {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"}, "spec": spec}


def autoscaler() -> dict[str, Any]:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"minReplicas": 2, "maxReplicas": 9, "scaleTargetRef": target}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": spec,
    }


def claim() -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": spec}


def apply(cluster: DevCluster, namespace: str, *objects: dict[str, Any]) -> None:
    for body in objects:
        cluster.apply(json.dumps({**body, "metadata": {**body["metadata"], "namespace": namespace}}))


def get(cluster: DevCluster, namespace: str, name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(cluster.kubectl("get", "-n", namespace, name, "-o", "json"))
    return body


def status(cluster: DevCluster, namespace: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = get(cluster, namespace, name).get("status", {})
    return found


def waiting_container(cluster: DevCluster, namespace: str, kind: str, reason: str) -> dict[str, Any]:
    """The first container's status, as soon as it waits for the reason."""

    def waits() -> bool:
        containers = status(cluster, namespace, "pod/pod").get(kind, [])
        return bool(containers) and containers[0]["state"].get("waiting", {}).get("reason") == reason

    wait_until(waits, f"{reason} of the pod", timeout=30)
    container: dict[str, Any] = status(cluster, namespace, "pod/pod")[kind][0]
    return container


def is_ready(cluster: DevCluster, namespace: str) -> bool:
    conditions = status(cluster, namespace, "pod/pod").get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def may_list_pods(cluster: DevCluster, namespace: str, kubeconfig: str) -> bool:
    try:
        cluster.kubectl("get", "pods", "-n", namespace, "--kubeconfig", kubeconfig)
    except DevClusterError:
        return False
    return True


def kubeconfig_without_user(cluster: DevCluster) -> str:
    config = json.loads(cluster.kubeconfig.read_text())
    config["users"][0]["user"] = {}
    path = cluster.folder / "nobody.kubeconfig"
    path.write_text(json.dumps(config))
    return str(path)


def is_alive(cluster: DevCluster, component: str) -> bool:
    return cluster._component(component).is_running()


def devcluster_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "devcluster", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def running(*arguments: str) -> subprocess.Popen[str]:
    """Like from a terminal: a shell that starts us in the background would have SIGINT ignored, and hand that down."""
    return subprocess.Popen(
        [sys.executable, "-m", "devcluster", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - it takes no lock
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def processes_of(folder: Path) -> list[str]:
    """The command lines of the live processes that name the folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in command:
            found.append(command)
    return found
