"""The chart rendered with its defaults, as the files of deploy/."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from devcluster.binaries import ensure_packaging

RELEASE = NAMESPACE = "gitops-operator"
_FIRST = "# Rendered from charts/gitops-operator by `make chart`: change it there.\n"
_FILES = {"serviceaccount.yaml": "20-rbac.yaml", "rbac.yaml": "20-rbac.yaml", "writer.yaml": "30-writer.yaml"}
_REST = "40-operator.yaml"
_SOURCE = re.compile(r"\A\n*# Source: gitops-operator/templates/(\S+)\n")
_OF_HELM = re.compile(r"^ +(?:app\.kubernetes\.io/managed-by|helm\.sh/chart): .*\n", re.MULTILINE)


def rendered(chart: Path) -> Mapping[str, str]:
    """File name → text. The definition is left out: it stands in crds/."""
    command = [str(ensure_packaging() / "helm"), "template", RELEASE, str(chart), "--namespace", NAMESPACE]
    done = subprocess.run(
        [*command, "--set", "crds.install=false"], capture_output=True, text=True, timeout=60, check=True
    )
    files: dict[str, list[str]] = {}
    for document in re.split(r"^---\n", done.stdout, flags=re.MULTILINE):
        if source := _SOURCE.match(document):
            text = _OF_HELM.sub("", document[source.end() :]).strip()
            files.setdefault(_FILES.get(source[1], _REST), []).append(text + "\n")
    return {name: _FIRST + "---\n".join(documents) for name, documents in files.items()}
