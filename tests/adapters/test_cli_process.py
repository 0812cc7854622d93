"""`kubectl gitops` on files, as a process: streams, exit codes, what it says when something is wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster.published import published

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "fixtures"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "KUBECONFIG": os.devnull}

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: front, namespace: web}
spec: {replicas: 2}
"""


def gitops(*arguments: str | Path, stdin: str = "", cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gitops_operator.cli", *map(str, arguments)]
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, env=ENVIRONMENT, cwd=cwd, timeout=60, check=False
    )


def files(folder: Path, **contents: str) -> Path:
    for name, content in contents.items():
        (folder / f"{name}.yaml").write_text(content)
    return folder


def test_the_given_cases_of_yaml_are_answered_as_in_go() -> None:
    file = SHARED / "yaml_go_semantics.json"
    if not file.exists():
        pytest.skip(f"the shared fixtures are not beside the checkout: {file} is absent")
    cases = json.loads(file.read_text())
    lines = "".join(json.dumps({"id": case["name"], "yaml": case["yaml"]}) + "\n" for case in cases)
    answers = [json.loads(line) for line in gitops("parse", "--batch", "-", stdin=lines).stdout.splitlines()]
    assert [answer["id"] for answer in answers] == [case["name"] for case in cases]
    assert [answer["id"] for answer in answers if "error" in answer] == [
        case["name"] for case in cases if case.get("error")
    ]
    wrong = [
        (case, answer)
        for case, answer in zip(cases, answers, strict=True)
        if not case.get("error") and answer["objects"] != ([] if case["json"] is None else [numbers(case["json"])])
    ]
    assert wrong == []


def numbers(value: object) -> object:
    """The given cases write fractions as `float:0.5`."""
    if isinstance(value, str) and value.startswith("float:"):
        return float(value.removeprefix("float:"))
    if isinstance(value, dict):
        return {name: numbers(item) for name, item in value.items()}
    return [numbers(item) for item in value] if isinstance(value, list) else value


def test_an_answer_is_there_before_the_next_case_is_given() -> None:
    command = [sys.executable, "-m", "gitops_operator.cli", "parse", "--batch", "-"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(3):
            process.stdin.write(json.dumps({"id": number, "yaml": "a: 1"}) + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline()) == {"id": number, "objects": [{"a": 1}]}
        process.stdin.close()
        assert process.wait(30) == 0


def test_published_manifests_are_read_from_the_standard_input() -> None:
    [text] = published("argo-cd/install.yaml").values()
    done = gitops("parse", "-f", "-", "-o", "json", stdin=text)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(json.loads(done.stdout)) > 50


def test_every_error_of_every_file_is_told_with_its_place(tmp_path: Path) -> None:
    files(tmp_path, one="a: [\n", two="kind: Secret\n", three=DEPLOYMENT)
    done = gitops("render", tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert [line.partition(": ")[2].partition(": ")[0] for line in done.stderr.splitlines()] == [
        "one.yaml:2:1",
        "two.yaml:1:1",
        "two.yaml:1:1",
    ]


def test_an_application_says_what_is_rendered_and_where_it_goes(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    files(tmp_path / "shop", map="apiVersion: v1\nkind: ConfigMap\nmetadata: {name: front}\n")
    files(
        tmp_path,
        app="""\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop}
spec: {source: {repoURL: x, path: shop}, destination: {namespace: web}}
""",
    )
    done = gitops("render", tmp_path, "--app", tmp_path / "app.yaml")
    assert done.stdout == "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: front\n  namespace: web\n"


def test_a_link_out_of_the_root_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    files(tmp_path, outside=DEPLOYMENT)
    (root / "inside.yaml").symlink_to("../outside.yaml")
    done = gitops("render", root)
    assert done.returncode == 1
    assert "inside.yaml: " in done.stderr


def test_a_diff_of_files_ends_as_kubectl_diff_does(tmp_path: Path) -> None:
    files(tmp_path, desired=DEPLOYMENT, live=DEPLOYMENT.replace("2}", "3}"))
    flags = ("diff", "-f", tmp_path / "desired.yaml", "--live")
    assert gitops(*flags, tmp_path / "desired.yaml").returncode == 0
    different = gitops(*flags, tmp_path / "live.yaml")
    assert different.returncode == 1
    assert different.stdout.splitlines()[1:] == [
        "  .spec.replicas",
        "    - 3   live",
        f"    + 2   Git: {tmp_path / 'desired.yaml'}:4",
        "1 of 1 object differ: 1 to be updated.",
    ]
    assert gitops(*flags, tmp_path / "nowhere.yaml").returncode == 2


def test_wrong_usage_is_told_in_one_sentence_and_no_traceback() -> None:
    done = gitops("dif")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: 'dif' is not a command; did you mean 'diff'?\n")


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -m gitops_operator.cli parse --batch - | head -n 1"
    lines = "".join(json.dumps({"id": number, "yaml": "a: 1"}) + "\n" for number in range(20000))
    done = subprocess.run(
        ["bash", "-c", command], input=lines, capture_output=True, text=True, env=ENVIRONMENT, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ('{"id":0,"objects":[{"a":1}]}\n', "")


def test_an_offline_command_loads_no_client_of_a_cluster() -> None:
    code = (
        "import sys; from gitops_operator.cli import main; main(['health', '--batch', '/dev/null']); "
        "print({'kopf', 'kubernetes_asyncio', 'aiohttp'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, timeout=60, check=False
    )
    assert done.stdout == "set()\n"


def test_a_command_of_a_cluster_loads_no_models_of_kinds() -> None:
    code = (
        "import sys; import gitops_operator.cli.online.get, gitops_operator.cli.online.names; "
        "print([name for name in sys.modules if name.startswith('kubernetes_asyncio')]); "
        "from kubernetes_asyncio.client import V1Pod; print(V1Pod.__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, timeout=60, check=False
    )
    assert done.stdout == "[]\nV1Pod\n"
