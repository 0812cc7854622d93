import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from devcluster import programs
from devcluster.binaries import binaries_folder, cache_folder, ensure_binaries
from devcluster.errors import DevClusterError
from devcluster.programs import CONTROL_PLANE, MONITORING, PACKAGING, Programs
from devcluster.waiting import wait_until

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.timeout(20)  # shell scripts play Go here

PACKAGES = CONTROL_PLANE.packages
GOOD = 'printf "#!/bin/sh\\n" > "$out"; chmod +x "$out"; echo "$pkg" >> "$BUILT"'


def test_everything_is_built_once_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = with_go(tmp_path, GOOD)
    folder = ensure_binaries(environment)
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) == sorted(PACKAGES)
    assert "building kube-apiserver (2 of 6)" in capsys.readouterr().err
    assert ensure_binaries(environment) == folder
    assert capsys.readouterr().err == ""
    assert built(tmp_path) == list(PACKAGES.values())


def test_two_builders_at_once_build_each_program_once(tmp_path: Path) -> None:
    environment = with_go(tmp_path, f"sleep 0.1; {GOOD}")
    builders = [start_build(environment) for _ in range(2)]
    assert [builder.wait(15) for builder in builders] == [0, 0]
    assert built(tmp_path) == list(PACKAGES.values())


def test_a_failed_build_shows_what_go_said(tmp_path: Path) -> None:
    environment = with_go(tmp_path, "echo 'no such module'; exit 1")
    with pytest.raises(DevClusterError, match=r"building etcd failed \(exit code 1\):\nno such module"):
        ensure_binaries(environment)


def test_a_killed_build_leaves_nothing_half_and_the_next_one_sweeps(tmp_path: Path) -> None:
    environment = with_go(tmp_path, f'{GOOD}; test -e "$BUILT.once" || {{ touch "$BUILT.once"; exec sleep 30; }}')
    builder = start_build(environment)
    wait_until((tmp_path / "built.once").exists, "the build to write its output")
    builder.send_signal(signal.SIGKILL)
    builder.wait()
    folder = binaries_folder(environment)
    assert not (folder / "etcd").exists()
    assert ensure_binaries(environment) == folder
    assert not list(folder.glob(".building-*"))


def test_the_folder_depends_on_sums_and_flags(tmp_path: Path) -> None:
    environment = {"DEVCLUSTER_CACHE": str(tmp_path)}
    before = binaries_folder(environment)
    other = replace(CONTROL_PLANE, variables={**CONTROL_PLANE.variables, "main.version": "v9.9.9"})
    assert binaries_folder(environment, other) != before
    assert binaries_folder(environment, PACKAGING) not in {before, binaries_folder(environment, MONITORING)}


def test_the_server_is_told_its_version() -> None:
    linker = CONTROL_PLANE.flags[-1]
    assert "-X k8s.io/component-base/version.gitVersion=v1.37.2" in linker
    assert "-X k8s.io/client-go/pkg/version.gitVersion=v1.37.2" in linker
    assert "gitMinor=37" in linker


@pytest.mark.parametrize(
    "its,required",
    [
        (CONTROL_PLANE, f"k8s.io/kubernetes {programs.KUBERNETES_VERSION}"),
        (CONTROL_PLANE, f"sigs.k8s.io/kwok {programs.KWOK_VERSION}"),
        (PACKAGING, f"helm.sh/helm/v4 {programs.HELM_VERSION}"),
        (PACKAGING, f"sigs.k8s.io/kustomize/kustomize/v5 {programs.KUSTOMIZE_VERSION}"),
        (MONITORING, f"github.com/prometheus/prometheus {programs.PROMETHEUS_VERSION}"),
    ],
)
def test_versions_are_those_of_go_mod(its: Programs, required: str) -> None:
    module = (its.module / "go.mod").read_text()
    assert f"{required}\n" in module.replace(" // indirect", "")
    assert all(f"\t{package}\n" in module for package in its.packages.values())


@pytest.mark.parametrize(
    "environment,folder",
    [
        ({"DEVCLUSTER_CACHE": "/own", "XDG_CACHE_HOME": "/xdg"}, "/own"),
        ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/gitops-operator-devcluster"),
        ({}, f"{Path.home()}/.cache/gitops-operator-devcluster"),
    ],
)
def test_the_cache_is_where_the_environment_says(environment: Mapping[str, str], folder: str) -> None:
    assert cache_folder(environment) == Path(folder)


def test_binaries_that_the_user_names_win(tmp_path: Path) -> None:
    for name in PACKAGES:
        (tmp_path / name).touch(mode=0o755)
    assert ensure_binaries({"KUBEBUILDER_ASSETS": str(tmp_path)}) == tmp_path


def test_what_the_users_folder_lacks_is_named(tmp_path: Path) -> None:
    (tmp_path / "etcd").touch(mode=0o755)
    with pytest.raises(DevClusterError, match=r"which lacks kube-apiserver, .*kwok; unset it"):
        ensure_binaries({"KUBEBUILDER_ASSETS": str(tmp_path)})


def with_go(folder: Path, build: str) -> dict[str, str]:
    """An environment whose Go is a script: it knows its version, and builds like this."""
    script = f"""#!/bin/sh
if [ "$1" = env ]; then echo go1.99.0; exit; fi
while [ $# -gt 1 ]; do if [ "$1" = -o ]; then out=$2; fi; shift; done
pkg=$1
{build}
"""
    go = folder / "bin/go"
    go.parent.mkdir()
    go.write_text(script)
    go.chmod(0o755)
    path = f"{go.parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "DEVCLUSTER_CACHE": str(folder / "cache"), "BUILT": str(folder / "built")}


def built(folder: Path) -> list[str]:
    return (folder / "built").read_text().split()


def start_build(environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "devcluster", "build"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
