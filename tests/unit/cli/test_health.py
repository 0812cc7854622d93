"""`health` of objects as they were read."""

from pathlib import Path

import pytest

from gitops_operator.cli.exits import CommandError, Exit
from gitops_operator.cli.offline.health import run
from gitops_operator.cli.yamltext import yaml_text
from tests.builders import config_map, deployment, manifest
from tests.unit.cli.calls import call, one

BEHIND = {**deployment("front"), "status": {"observedGeneration": 0}}
BEHIND["metadata"] = {**BEHIND["metadata"], "generation": 1}


def test_a_kind_with_health_has_a_status_and_a_message() -> None:
    assert one(run, id=1, object=BEHIND) == {
        "id": 1,
        "status": "Progressing",
        "message": "Waiting for generation 1 to be observed, the latest observed is 0",
    }


def test_a_kind_without_health_has_none() -> None:
    assert one(run, object=config_map("a")) == {"status": None, "message": ""}


def test_what_has_no_kind_is_an_error() -> None:
    assert "needs apiVersion and kind" in one(run, object={"metadata": {}})["error"]["message"]


def test_objects_that_are_not_well_give_the_exit_code_of_something_to_see() -> None:
    said = call(run, yaml_text(BEHIND), filename=["-"])
    assert said.code is Exit.SEEN
    assert said.out.splitlines()[1].split()[:4] == ["apps/Deployment", "-", "front", "Progressing"]


def test_a_claim_is_assessed_beside_the_class_that_is_in_the_file() -> None:
    claim = manifest("v1", "PersistentVolumeClaim", "data", spec={"storageClassName": "slow"})
    claim["status"] = {"phase": "Pending"}
    storage = manifest("storage.k8s.io/v1", "StorageClass", "slow", volumeBindingMode="WaitForFirstConsumer")
    said = call(run, yaml_text({"apiVersion": "v1", "kind": "List", "items": [storage, claim]}), filename=["-"])
    assert said.code is Exit.FINE


def test_a_rule_in_lua_decides_alone() -> None:
    going = {**config_map("a"), "metadata": {"name": "a", "deletionTimestamp": "2027-01-01T00:00:00Z"}}
    script = 'return {status = "Suspended", message = obj.metadata.name}'
    assert one(run, id=2, object=going, lua=script) == {"id": 2, "status": "Suspended", "message": "a"}


def test_a_rule_that_fails_says_unknown_with_its_error() -> None:
    assert one(run, object=config_map("a"), lua="return obj.status.x") == {
        "status": "Unknown",
        "message": "health.lua:1: attempt to index field 'status' (a nil value)",
    }


def test_a_rule_comes_from_a_file_that_is_named_in_its_errors(tmp_path: Path) -> None:
    script = tmp_path / "certificate.lua"
    script.write_text('return {status = "Degraded", message = "Expired"}')
    said = call(run, yaml_text(config_map("a")), filename=["-"], lua=str(script))
    assert said.code is Exit.SEEN
    assert said.out.splitlines()[1].split()[-2:] == ["Degraded", "Expired"]


def test_a_rule_that_is_no_lua_is_refused_before_any_object_is_seen(tmp_path: Path) -> None:
    script = tmp_path / "certificate.lua"
    script.write_text("\nreturn {")
    with pytest.raises(CommandError, match=r"certificate\.lua"):
        call(run, yaml_text(config_map("a")), filename=["-"], lua=str(script))
