"""The Dockerfile builds what the tests try; `make soak` builds and runs the image itself."""

import re
from pathlib import Path

from devcluster.programs import HELM_VERSION, KUSTOMIZE_VERSION, PACKAGING

ROOT = Path(__file__).parents[2]


def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")


def test_the_image_has_the_programs_that_the_tests_build_with_the_same_flags() -> None:
    (building,) = re.findall(r"go build .*", dockerfile())
    assert set(PACKAGING.packages.values()) <= set(building.split())
    assert {flag for flag in PACKAGING.flags if not flag.startswith("-ldflags")} <= set(building.split())
    for variable in PACKAGING.variables:
        assert f"-X {variable}=$" in dockerfile()


def test_the_versions_of_the_tests_are_those_of_go_mod_which_the_image_is_built_of() -> None:
    text = (PACKAGING.module / "go.mod").read_text(encoding="utf-8")
    required = dict(re.findall(r"^\s*(\S+) (v\S+)", text, re.MULTILINE))
    assert required["helm.sh/helm/v4"] == HELM_VERSION
    assert required["sigs.k8s.io/kustomize/kustomize/v5"] == KUSTOMIZE_VERSION


def test_everything_that_the_dockerfile_copies_gets_through_the_dockerignore() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = [
        word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile(), re.MULTILINE) for word in line.split()
    ]
    assert copied
    assert set(copied) <= allowed


def test_the_version_label_is_the_version_of_the_package() -> None:
    (version,) = re.findall(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert f'org.opencontainers.image.version="{version}"' in dockerfile()
