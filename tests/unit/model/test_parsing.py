"""From a custom resource to an Application."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gitops_operator.model.application import (
    Application,
    ApplicationKey,
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
from gitops_operator.model.operation import Counts, Cursor, OperationPhase, Phase
from gitops_operator.model.parsing import parse_application, parse_operation

SOURCE = {"repoURL": "https://git.example.com/shop.git", "path": "apps/shop"}


def parsed(spec: dict[str, Any] | None = None, **parts: Any) -> Application:
    metadata = {"namespace": "argocd", "name": "shop", "uid": "u1", "resourceVersion": "7", "generation": 3}
    return parse_application(
        {"metadata": metadata | parts.pop("metadata", {}), "spec": {"source": SOURCE} | (spec or {}), **parts}
    )


def policy(**parts: Any) -> SyncPolicy:
    return parsed({"syncPolicy": parts}).sync_policy


def test_the_least_that_an_application_can_say_has_defaults_for_the_rest() -> None:
    app = parsed()
    assert app.key == ApplicationKey("argocd", "shop")
    assert (app.uid, app.resource_version, app.generation) == ("u1", "7", 3)
    assert app.source == Source("https://git.example.com/shop.git", "HEAD", "apps/shop")
    assert app.sync_policy == SyncPolicy(timeout=600.0)
    assert (app.deletion_policy, app.history_limit, app.namespace, app.problems) == ("MirrorPrune", 10, "", ())
    assert not app.is_automated
    assert not app.is_going


def test_an_empty_body_is_read_too() -> None:
    app = parse_application({"metadata": {"namespace": "a", "name": "b"}})
    assert app.source.repo_url == ""


@pytest.mark.parametrize("text, path", [("", ""), (".", ""), ("./a//b/", "a/b"), ("a/./b", "a/b"), (None, "")])
def test_a_path_is_cleaned(text: str | None, path: str) -> None:
    assert parsed({"source": SOURCE | {"path": text}}).source.path == path


def test_a_path_that_leaves_the_repository_is_a_problem_that_names_the_field() -> None:
    app = parsed({"source": SOURCE | {"path": "a/../../b"}})
    assert app.problems == ("spec.source.path: 'a/../../b' leaves the repository; name a folder inside it",)


def test_a_directory_says_how_its_files_are_picked() -> None:
    directory = {"recurse": True, "include": "*.yaml", "exclude": "{a,b}/*"}
    assert parsed({"source": SOURCE | {"directory": directory}}).source.directory == Directory(
        recurse=True, include="*.yaml", exclude="{a,b}/*"
    )


def test_automated_is_on_when_it_is_there_unless_it_says_otherwise() -> None:
    assert policy(automated={}).automated == Automated(enabled=True)
    assert parsed({"syncPolicy": {"automated": {}}}).is_automated
    assert not parsed({"syncPolicy": {"automated": {"enabled": False}}}).is_automated
    assert policy(automated={"prune": True, "selfHeal": True, "allowEmpty": True}).automated == Automated(
        prune=True, self_heal=True, allow_empty=True
    )


def test_retries_are_read_with_their_times_as_seconds() -> None:
    retry = {"limit": -1, "backoff": {"duration": "10s", "factor": 3, "maxDuration": "1h30m"}}
    assert policy(retry=retry).retry == Retry(-1, 10.0, 3.0, 5400.0)
    assert policy(retry={"limit": 2}).retry == Retry(limit=2)


def test_every_broken_part_is_a_problem_and_keeps_its_default() -> None:
    app = parsed(
        {
            "syncPolicy": {
                "timeout": "soon",
                "pruneLimit": "half",
                "retry": {"backoff": {"duration": "1 year", "maxDuration": "x"}},
            },
            "suspend": {"until": "tomorrow"},
        }
    )
    assert [problem.partition(":")[0] for problem in app.problems] == [
        "spec.syncPolicy.retry.backoff.duration",
        "spec.syncPolicy.retry.backoff.maxDuration",
        "spec.syncPolicy.timeout",
        "spec.syncPolicy.pruneLimit",
        "spec.suspend.until",
    ]
    assert app.sync_policy == SyncPolicy(timeout=600.0)


@pytest.mark.parametrize(
    "limit, expected",
    [
        (0, PruneLimit(number=0)),
        (20, PruneLimit(number=20)),
        ("20", PruneLimit(number=20)),
        ("20%", PruneLimit(None, 20)),
    ],
)
def test_a_prune_limit_is_a_number_or_a_share(limit: object, expected: PruneLimit) -> None:
    assert policy(pruneLimit=limit).prune_limit == expected


@pytest.mark.parametrize("limit", ["101%", "-1", "1.5", "%", "ten"])
def test_another_prune_limit_is_a_problem(limit: str) -> None:
    assert "neither a number nor a percentage" in parsed({"syncPolicy": {"pruneLimit": limit}}).problems[0]


def test_options_namespace_metadata_and_waiting_are_read() -> None:
    some = policy(
        syncOptions=["PruneFirst=true", "CreateNamespace=true"],
        managedNamespaceMetadata={"labels": {"team": "a"}, "annotations": {"x": "y"}},
        wait=True,
        timeout="90s",
    )
    assert some.has("PruneFirst=true")
    assert not some.has("PruneFirst=false")
    assert some.namespace_metadata == NamespaceMetadata({"team": "a"}, {"x": "y"})
    assert (some.wait, some.timeout) == (True, 90.0)


def test_ignore_rules_are_read() -> None:
    rule = {"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}
    more = {"kind": "*", "name": "a", "namespace": "b", "jqPathExpressions": [".x"], "managedFieldsManagers": ["m"]}
    assert parsed({"ignoreDifferences": [rule, more]}).ignore_differences == (
        IgnoreRule("apps", "Deployment", json_pointers=("/spec/replicas",)),
        IgnoreRule("", "*", "a", "b", jq_path_expressions=(".x",), managers=("m",)),
    )


def test_a_suspension_may_have_an_end() -> None:
    suspend = {"until": "2027-01-31T08:00:00Z", "reason": "freeze"}
    assert parsed({"suspend": suspend}).suspend == Suspend(datetime(2027, 1, 31, 8, tzinfo=UTC), "freeze")
    assert parsed({"suspend": {}}).suspend == Suspend()


def test_a_time_without_a_zone_is_a_problem() -> None:
    assert "RFC 3339" in parsed({"suspend": {"until": "2027-01-31T08:00:00"}}).problems[0]


@pytest.mark.parametrize(
    "spec, metadata, cascades",
    [
        ({}, {}, False),
        ({"syncPolicy": {"automated": {"prune": True}}}, {}, True),
        ({"deletionPolicy": "Delete"}, {}, True),
        ({"deletionPolicy": "Orphan", "syncPolicy": {"automated": {"prune": True}}}, {}, False),
        ({}, {"finalizers": ["resources-finalizer.argocd.argoproj.io"]}, True),
        ({"deletionPolicy": "Orphan"}, {"finalizers": ["resources-finalizer.argocd.argoproj.io/background"]}, True),
        ({}, {"finalizers": ["somebody.example.com/else"]}, False),
    ],
)
def test_whether_a_deletion_takes_the_objects_too(spec: Any, metadata: Any, cascades: bool) -> None:
    assert parsed(spec, metadata=metadata).cascades is cascades


def test_a_request_is_known_again_by_its_content() -> None:
    operation = {"sync": {"revision": "abc", "prune": True, "syncOptions": ["X=true"]}, "retry": {"limit": 1}}
    request = parsed(operation=operation | {"initiatedBy": {"username": "me"}}).request
    assert request is not None
    assert (request.revision, request.prune, request.options) == ("abc", True, frozenset({"X=true"}))
    assert (request.initiated_by, request.retry_limit, request.terminate) == ("me", 1, False)
    again = parsed(operation={"initiatedBy": {"username": "me"}} | operation).request
    other = parsed(operation=operation).request
    assert again == request
    assert other is not None
    assert other.digest != request.digest


def test_an_empty_operation_asks_for_nothing_and_an_empty_sync_for_one() -> None:
    assert parsed(operation={}).request is None
    assert parsed(operation={"sync": {}}).request is not None


def test_the_refresh_annotation_is_read() -> None:
    assert parsed(metadata={"annotations": {"gitops-operator.io/refresh": "hard"}}).refresh == "hard"
    assert parsed(metadata={"annotations": None}).refresh == ""


def test_a_stored_operation_comes_back_as_it_was() -> None:
    stanza = {
        "id": "op-1",
        "phase": "Failed",
        "cursor": {"phase": "Prune", "wave": -2},
        "revisions": ["abc"],
        "attempts": 3,
        "retryAt": "2026-11-24T00:00:00Z",
        "counts": {"created": 2, "failed": 1},
        "initiatedBy": {"username": "me"},
    }
    operation = parse_operation(stanza)
    assert operation is not None
    assert (operation.id, operation.phase) == ("op-1", OperationPhase.FAILED)
    assert operation.cursor == Cursor(Phase.PRUNE, -2)
    assert operation.counts == Counts(created=2, failed=1)
    assert (operation.revisions, operation.attempts, operation.initiated_by) == (("abc",), 3, "me")


@pytest.mark.parametrize("stanza", [None, {}])
def test_no_stored_operation_is_none(stanza: Any) -> None:
    assert parse_operation(stanza) is None
