"""The fields of the CRD are those that the model reads and the status stage writes: no more and no fewer."""

import ast
import dataclasses
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops_operator.model.application import (
    Application,
    Automated,
    Directory,
    IgnoreRule,
    NamespaceMetadata,
    PruneLimit,
    Retry,
    Source,
    Suspend,
    SyncPolicy,
)
from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.gate import Gate
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.hold import Held
from gitops_operator.model.operation import (
    Counts,
    Cursor,
    HookRecord,
    HookStatus,
    Operation,
    OperationPhase,
    OperationRequest,
    Phase,
)
from gitops_operator.model.packaging import Kustomize, Patch, Replicas
from gitops_operator.model.parsing import parse_application
from gitops_operator.model.proposal import Awaited, Consequences, Proposal
from gitops_operator.model.resource import ResourceKey
from gitops_operator.model.revision import CommitNote, Revision
from gitops_operator.status import Observation, report

ROOT = Path(__file__).parents[2]
CRD = yaml.safe_load((ROOT / "crds/applications.gitops-operator.io.yaml").read_text(encoding="utf-8"))
Schema = dict[str, Any]
PARSED = (
    Application,
    Automated,
    Directory,
    IgnoreRule,
    Kustomize,
    NamespaceMetadata,
    OperationRequest,
    Patch,
    PruneLimit,
    Replicas,
    Retry,
    Source,
    Suspend,
    SyncPolicy,
)

# Fields of the spec that are there though nothing of the model depends on them.
NOT_READ = {
    "spec.project": "one value only, which the CRD's rule checks: Applications moved from Argo CD have it",
    "spec.destination.server": "as project: the cluster that the operator runs in",
    "spec.destination.name": "as project: the cluster that the operator runs in",
    "spec.info": "for people, who read it with kubectl",
    "spec.info[].name": "as info",
    "spec.info[].value": "as info",
}


class Recorder(dict[str, Any]):
    """A JSON object that notes which of its fields are asked for."""

    def __init__(self, body: dict[str, Any], path: str, seen: set[str]) -> None:
        super().__init__({name: recorded(value, f"{path}{name}", seen) for name, value in body.items()})
        self._path, self._seen = path, seen

    def __getitem__(self, name: str) -> Any:
        self._seen.add(f"{self._path}{name}")
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self._seen.add(f"{self._path}{name}")
        return super().get(name, default)


def recorded(value: Any, path: str, seen: set[str]) -> Any:
    if isinstance(value, dict):
        return Recorder(value, f"{path}.", seen)
    if isinstance(value, list):
        return [recorded(item, f"{path}[]", seen) for item in value]
    return value


def root() -> Schema:
    schema: Schema = CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def part(name: str) -> Schema:
    schema: Schema = root()["properties"][name]
    return schema


def fields(schema: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    """Every field below a schema, with the way to it: `spec.info[].name`."""
    for name, child in schema.get("properties", {}).items():
        yield f"{path}.{name}", child
        yield from fields(child, f"{path}.{name}")
    if "items" in schema:
        yield from fields(schema["items"], f"{path}[]")


def paths(name: str) -> set[str]:
    return {path for path, _ in fields(part(name), name)}


def example(schema: Schema) -> Any:
    """A value with every field that the schema allows."""
    if "properties" in schema:
        return {name: example(child) for name, child in schema["properties"].items()}
    if "items" in schema:
        return [example(schema["items"])]
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") == "date-time":
        return "2027-01-31T08:00:00Z"
    return {"string": "text", "integer": 1, "boolean": True, "object": {"a": "b"}}.get(schema.get("type", "integer"))


HOOK = {"phase": "Sync", "group": "", "kind": "Pod", "namespace": "", "name": "a", "status": "Failed", "message": "b"}
WORDS = {"cursor": {"phase": "Sync", "wave": 1}, "hooks": [HOOK]}
"""What only some words can stand for."""


def read() -> set[str]:
    """The fields that are asked for when an Application with every field is parsed."""
    seen: set[str] = set()
    status_operation = part("status")["properties"]["operation"]
    body = {
        "metadata": {"namespace": "apps", "name": "web"},
        "spec": example(part("spec")),
        "operation": example(part("operation")),
        "status": {"operation": {**example(status_operation), **WORDS}},
    }
    parse_application(Recorder(body, "", seen))
    return seen


def test_every_field_that_is_read_is_acted_on() -> None:
    read_fields = {
        f"{parsed.__name__}.{field.name}": field.name for parsed in PARSED for field in dataclasses.fields(parsed)
    }
    used = attributes_used()
    assert [name for name, attribute in read_fields.items() if attribute not in used] == []


def attributes_used() -> set[str]:
    """The attributes that the code asks for, less those that only the parser passes on."""
    files = [file for file in (ROOT / "gitops_operator").rglob("*.py") if not file.name.endswith("parsing.py")]
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    return {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def below(name: str, found: set[str]) -> set[str]:
    return {path for path in found if path.startswith(f"{name}.")}


@pytest.mark.parametrize("name", ["spec", "operation"])
def test_every_field_that_a_user_may_set_is_read(name: str) -> None:
    assert paths(name) - read() - set(NOT_READ) == set()


@pytest.mark.parametrize("name", ["spec", "operation"])
def test_every_field_that_is_read_can_be_set(name: str) -> None:
    assert below(name, read()) - paths(name) == set()


def test_every_exception_is_still_needed() -> None:
    assert set(NOT_READ) <= paths("spec") - read()


def test_an_operation_is_read_back_whole() -> None:
    stored = {path for path in paths("status") if path.startswith("status.operation.")}
    assert stored == below("status.operation", read())


def test_status_has_the_fields_that_are_written_and_no_others() -> None:
    seen = full_observation()
    in_sync = dataclasses.replace(seen, changes=(), delete_hooks=1)  # where these stand is written only then
    assert seen.operation is not None
    some = dataclasses.replace(seen.operation, resources=(ResourceKey("apps", "Deployment", "web", "web"),), synced="b")
    partial = dataclasses.replace(seen, operation=some)  # in no history
    held = Held(1, "a" * 40, {"repoURL": "u"}, some.started_at, "b", refused="c" * 40, message="why", by="somebody")
    undone = dataclasses.replace(seen, operation=dataclasses.replace(seen.operation, held=held))  # in none either
    written = {path for one in (seen, in_sync, partial, undone) for path in keys_of(report(one), "status")}
    assert {path for path in written if not path.startswith(tuple(free("status")))} == paths("status")


def free(name: str) -> set[str]:
    """What stands before the fields that are kept as somebody wrote them."""
    of_items = {f"{path}[].": schema.get("items", {}) for path, schema in fields(part(name), name)}
    own = {f"{path}.": schema for path, schema in fields(part(name), name)}
    return {path for path, schema in {**own, **of_items}.items() if schema.get("x-kubernetes-preserve-unknown-fields")}


def keys_of(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, child in value.items():
            yield f"{path}.{name}"
            yield from keys_of(child, f"{path}.{name}")
    elif isinstance(value, list):
        for item in value:
            yield from keys_of(item, f"{path}[]")


def test_every_field_is_described() -> None:
    described = ["spec", "operation", "status"]
    everything = [("", root()), *((name, part(name)) for name in described)]
    everything += [field for name in described for field in fields(part(name), name)]
    assert [path for path, schema in everything if not schema.get("description")] == []


def test_a_description_is_a_sentence() -> None:
    texts = {
        path: schema["description"]
        for name in ("spec", "operation", "status")
        for path, schema in fields(part(name), name)
    }
    assert [path for path, text in texts.items() if not text.endswith(".") or len(text) > 400] == []


def full_observation() -> Observation:
    """One in whose status every field has something to say."""
    application = parse_application(
        {
            "metadata": {"namespace": "apps", "name": "web", "generation": 2},
            "spec": {"source": {"repoURL": "https://git.example.com/web.git"}, "destination": {"namespace": "web"}},
        }
    )
    key = ResourceKey("apps", "Deployment", "web", "web")
    ill = Health(HealthStatus.DEGRADED, "It crashes.")
    return Observation(
        application,
        dt.datetime(2027, 1, 31, 8, tzinfo=dt.UTC),
        revision=Revision("a" * 40, "main"),
        changes=(Change(key, Action.UPDATE, Why.DRIFTED, "It was scaled."),),
        healths={key: ill},
        health=ill,
        gate=Gate(),
        operation=full_operation(),
        images=("web:1",),
        note=CommitNote("Ann", "2027-01-30T08:00:00Z", "Scale it", "v1.2.3"),
        proposal=Proposal(Awaited("d", (), 1), Consequences(("It restarts.",), ("It does not.",), ("Data.",))),
    )


def full_operation() -> Operation:
    time = "2027-01-31T08:00:00Z"
    return Operation(
        id="x",
        trigger="manual",
        phase=OperationPhase.SUCCEEDED,
        revisions=("a" * 40,),
        inputs="b",
        cursor=Cursor(Phase.PRUNE, 1),
        started_at=time,
        progressed_at=time,
        finished_at=time,
        attempts=2,
        retry_at=time,
        message="why",
        initiated_by="somebody",
        prune=True,
        confirmed=True,
        approved="d",
        pinned=True,
        options=frozenset({"Replace=true"}),
        retry_limit=3,
        request="c",
        request_generation=2,
        counts=Counts(1, 1, 1, 1),
        hooks=(HookRecord(Phase.SYNC, ResourceKey("batch", "Job", "web", "a"), HookStatus.FAILED, "It broke."),),
    )
