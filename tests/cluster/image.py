"""Builds the operator's image with buildah, on bases made of Debian packages: no registry of images is asked."""

import ast
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from devcluster.errors import DevClusterError
from devcluster.programs import PACKAGING
from devcluster.toolchain import find_go
from tests.cluster.operator import ROOT

Json = dict[str, Any]

NAME = "localhost/gitops-operator:test"
_BASE, _GO_BASE = "localhost/python-base", "localhost/go-base"
_TOOLS = ("buildah", "mmdebstrap")
_PACKAGES = "python3,python3-venv,ca-certificates"
_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
_OF_THE_INDEX = {"index-url", "extra-index-url", "trusted-host", "cert", "proxy", "timeout", "default-timeout"}
_GO_DOCKERFILE = f"""\
FROM {_BASE}
COPY . /usr/local/go
ENV PATH=/usr/local/go/bin:/usr/bin:/bin GOPATH=/go
"""
READ_ONLY_KUBECONFIG = Path("/tmp/kubeconfig")
# In a mount namespace of its own: the image's disk is read-only, but for the two places that the Deployment mounts.
_READ_ONLY = """\
root=$1 kubeconfig=$2 user=$3
shift 3
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o "mode=700,uid=${user%:*},gid=${user#*:}" tmpfs "$root/var/lib/gitops-operator"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
install --mode=0444 "$kubeconfig" "$root/tmp/kubeconfig"
exec chroot --userspec="$user" "$root" env -i "$@"
"""


class NotHereError(DevClusterError):
    """What builds images is not here, and cannot be had."""


def ensure_tools() -> None:
    """Buildah and mmdebstrap, which come with apt where they are missing."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        raise NotHereError("building without a container engine needs root on Linux")
    if all(map(shutil.which, _TOOLS)):
        return
    if not shutil.which("apt-get"):
        raise NotHereError("buildah is not there, and neither is apt")
    try:
        run(["apt-get", "update"])
        run(["apt-get", "install", "--yes", "--no-install-recommends", *_TOOLS])
    except DevClusterError as error:
        raise NotHereError("buildah is not there and apt cannot bring it") from error


class Image:
    """Ours, in a store of images of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._command = ["buildah", f"--root={folder}/root", f"--runroot={folder}/run", "--storage-driver=vfs"]

    def build(self) -> None:
        """From the Dockerfile of the checkout. Go's caches and what pip knows of its index are lent to the build."""
        bases = self._folder / "bases"
        bases.mkdir()
        _make_base(bases / "base.tar")
        (bases / "Dockerfile").write_text("FROM scratch\nADD base.tar /\n")
        self._bud(_BASE, bases)
        (bases / "go.Dockerfile").write_text(_GO_DOCKERFILE)
        go = find_go(PACKAGING.module / "go.mod", os.environ)
        self._bud(_GO_BASE, Path(_go(go, "GOROOT")), f"--file={bases / 'go.Dockerfile'}")
        (bases / "pip.conf").write_text(_pip_configuration())
        secret = f"--secret=id=pip,src={bases / 'pip.conf'}"
        self._bud(NAME, ROOT, f"--build-arg=BASE={_BASE}", f"--build-arg=GO_BASE={_GO_BASE}", secret, *_lent(go))

    @property
    def megabytes(self) -> int:
        (found,) = json.loads(self._buildah("images", "--json", NAME))
        return round(_bytes_of(found["size"]) / 1e6)

    @property
    def configuration(self) -> Json:
        found: Json = json.loads(self._buildah("inspect", "--type=image", NAME))["OCIv1"]["config"]
        return found

    def run(self, *command: str) -> str:
        """What it prints, in a container."""
        return self._buildah("run", "--isolation=chroot", self._container, "--", *command)

    def read_only(self, kubeconfig: Path) -> Sequence[str]:
        """The start of a command line that runs its entry point on a read-only disk, in the network of the host."""
        said = self.configuration
        root = self._buildah("mount", self._container).strip()
        script = ("unshare", "--mount", "sh", "-euc", _READ_ONLY, "sh", root, str(kubeconfig), said["User"])
        return (*script, *said["Env"], *said["Entrypoint"])

    @cached_property
    def _container(self) -> str:
        """The one of all tests: without an overlay, each is a copy of the image."""
        return self._buildah("from", "--pull-never", NAME).strip()

    def _bud(self, name: str, context: Path, *flags: str) -> None:
        self._buildah("bud", "--isolation=chroot", "--pull-never", f"--tag={name}", *flags, str(context))

    def _buildah(self, *arguments: str) -> str:
        return run([*self._command, *arguments])


@contextlib.contextmanager
def built_image() -> Iterator[Image]:
    """Nothing of it stays."""
    ensure_tools()
    with tempfile.TemporaryDirectory(prefix="gitops-image-") as folder:
        image = Image(Path(folder))
        image.build()
        yield image


def run(command: Sequence[str], timeout: float = 3600.0) -> str:
    """What it prints; an error with the end of all it said."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    if done.returncode != 0:
        said = "\n".join(f"{done.stdout}\n{done.stderr}".splitlines()[-40:])
        raise DevClusterError(f"{' '.join(command)[:500]}: exit code {done.returncode}\n{said}")
    return done.stdout


def _make_base(target: Path) -> None:
    """A root of the Debian or Ubuntu that we run on, from where its packages come; python3 with venv in it."""
    system = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    name, codename = system["ID"].strip('"'), system.get("VERSION_CODENAME", "").strip('"')
    form = "deb $(REPO_URI) $(RELEASE) $(COMPONENT)"
    wanted = ["Created-By: Packages", f"Origin: {name.capitalize()}"]
    sources = run(["apt-get", "indextargets", "--format", form, *wanted]).splitlines()
    options = target.with_name("apt.conf")
    options.write_text(run(["apt-config", "dump", "--format", '%f "%v";%n', "Acquire::http", "Acquire::https"]))
    flags = ["--variant=essential", f"--include={_PACKAGES}", f"--aptopt={options}", "--dpkgopt=force-unsafe-io"]
    run(["mmdebstrap", "--quiet", *flags, codename, str(target), *dict.fromkeys(sources)])


def _lent(go: str) -> Iterator[str]:
    yield from (f"--build-arg={name}={_go(go, name)}" for name in ("GOPROXY", "GOSUMDB"))
    for name, place in (("GOMODCACHE", "/go/pkg/mod"), ("GOCACHE", "/go/build")):
        folder = Path(_go(go, name))
        folder.mkdir(parents=True, exist_ok=True)
        yield f"--volume={folder}:{place}"
    if _AUTHORITIES.exists():
        yield f"--volume={_AUTHORITIES}:{_AUTHORITIES}:ro"


def _go(go: str, name: str) -> str:
    return run([go, "env", name]).strip()


def _pip_configuration() -> str:
    """Where our own pip finds its packages."""
    known: dict[str, str] = {}
    for line in run([sys.executable, "-m", "pip", "config", "list"]).splitlines():
        name, _, value = line.partition("=")
        if (word := name.rpartition(".")[2]) in _OF_THE_INDEX:
            known[word] = str(ast.literal_eval(value)).replace("\n", "\n  ")
    return "\n".join(["[global]", *(f"{name} = {value}" for name, value in known.items()), ""])


def _bytes_of(text: str) -> float:
    number, unit = text.split()
    return float(number) * {"B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9}[unit.upper()]
