"""Before the first write in an account's name: may it do all that is planned? What it may not is told at once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

import pytest

from gitops_operator.cluster.client import Client
from gitops_operator.cluster.reviews import REMEMBERED, Reviews
from gitops_operator.cluster.session import Session
from gitops_operator.model.access import Right
from tests.builders import Body, application, config_map, custom_resource_definition, deployment, gizmo, job, manifest
from tests.fake_api import FakeApi, RefusalError, Sent
from tests.fake_rights import Grant, grant
from tests.fakes import FakeClock, Line

USER = "system:serviceaccount:gitops:team"
CONFIG_MAPS = grant("create patch", "configmaps", "web")
CONFIG_MAP = Right("patch", "", "configmaps", "web", "a")
ONCE = {"retry": {"limit": 0}}


def team(**parts: Any) -> Body:
    return application(spec={"serviceAccountName": "team"}, **parts)


async def line_of(*objects: Body, grants: Sequence[Grant], app: Body | None = None) -> Line:
    line = Line()
    line.api.rights.of[USER] = [*grants]
    line.commit(*objects)
    line.create(manifest("v1", "ServiceAccount", "team", namespace="gitops"), app or team())
    await line.settle()
    return line


def reviews(line: Line) -> list[Sent]:
    return [sent for sent in line.api.requests if sent.is_review]


def asked(line: Line) -> list[str]:
    """The kind of each review, and the verb that it was about."""
    attributes = [sent.body["spec"].get("resourceAttributes", {}) for sent in reviews(line)]
    return [one.get("verb", "rules") for one in attributes]


# --- what is missing is told at once ---


async def test_all_missing_verbs_are_told_in_one_message_and_nothing_is_written() -> None:
    some = [config_map("a"), config_map("b", wave=1), deployment("web"), manifest("v1", "Secret", "s", namespace="web")]
    line = await line_of(*some, grants=[grant("patch", "configmaps", "web")], app=team(policy=ONCE))
    assert line.written() == []
    assert line.operation()["message"] == (
        "ServiceAccount gitops/team may not do all that this sync needs. Add to a Role in namespace web:\n"
        '- {apiGroups: [""], resources: ["configmaps"], verbs: ["create"]}\n'
        '- {apiGroups: [""], resources: ["secrets"], verbs: ["create", "patch"]}\n'
        '- {apiGroups: ["apps"], resources: ["deployments"], verbs: ["create", "patch"]}'
    )


async def test_no_write_is_tried_that_is_known_to_be_refused() -> None:
    line = await line_of(config_map("a"), config_map("b", wave=1), grants=[], app=team(policy=ONCE))
    assert [sent for sent in line.api.requests if sent.key.namespace == "web"] == []


async def test_what_is_missing_stands_in_ready() -> None:
    line = await line_of(config_map("a"), grants=[])
    assert 'verbs: ["create", "patch"]' in line.condition("Ready")["message"]


async def test_each_namespace_gets_a_role_of_its_own() -> None:
    line = await line_of(config_map("a"), config_map("b", namespace="default"), grants=[])
    message = line.operation()["message"]
    assert "Role in namespace default:" in message
    assert "Role in namespace web:" in message


async def test_of_the_whole_cluster_a_cluster_role_is_asked_for() -> None:
    role = manifest("rbac.authorization.k8s.io/v1", "ClusterRole", "reader", rules=[])
    line = await line_of(role, config_map("a"), grants=[CONFIG_MAPS])
    assert line.written() == []
    assert line.operation()["message"].endswith(
        "Add to a ClusterRole with a ClusterRoleBinding:\n"
        '- {apiGroups: ["rbac.authorization.k8s.io"], resources: ["clusterroles"], verbs: ["create", "patch"]}'
    )


async def test_who_may_make_a_cluster_wide_object_of_that_name_only_makes_it() -> None:
    role = manifest("rbac.authorization.k8s.io/v1", "ClusterRole", "reader", rules=[])
    named = grant("create patch", "rbac.authorization.k8s.io/clusterroles", names=["reader"])
    line = await line_of(role, grants=[named])
    assert line.words() == ("Synced", "Healthy")


async def test_once_the_rights_are_there_the_sync_goes_through() -> None:
    line = await line_of(config_map("a"), grants=[])
    line.api.rights.of[USER] = [CONFIG_MAPS]
    await line.after(30)
    assert line.words() == ("Synced", "Healthy")


async def test_a_prune_needs_the_right_to_delete() -> None:
    line = await line_of(config_map("a"), config_map("b"), grants=[CONFIG_MAPS], app=team(policy=ONCE))
    line.commit(config_map("a", {"color": "red"}))
    await line.settle()
    assert 'verbs: ["delete"]' in line.operation()["message"]
    assert line.live("ConfigMap", "a")["data"] == {"color": "blue"}


async def test_an_account_that_may_not_delete_is_enough_where_nothing_is_pruned() -> None:
    line = await line_of(config_map("a"), config_map("b"), grants=[CONFIG_MAPS], app=team(automated={"prune": False}))
    line.commit(config_map("a", {"color": "red"}))
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "red"}


@pytest.mark.parametrize(
    "option, missing", [("Replace=true", '["get", "update"]'), ("Force=true", '["delete"]'), ("Prune=true", "")]
)
async def test_options_that_write_in_another_way_need_other_verbs(option: str, missing: str) -> None:
    line = await line_of(config_map("a"), grants=[CONFIG_MAPS])
    line.edit_app({"spec": {"syncPolicy": {"syncOptions": [option], **ONCE}}})
    line.commit(config_map("a", {"color": "red"}))
    await line.settle()
    assert (f"verbs: {missing}" in line.operation().get("message", "")) == bool(missing)
    assert (line.live("ConfigMap", "a")["data"] == {"color": "red"}) == (not missing)


async def test_hooks_are_made_and_deleted() -> None:
    hook = job("before", annotations={"gitops-operator.io/hook": "PreSync"})
    line = await line_of(hook, config_map("a"), grants=[CONFIG_MAPS], app=team(policy=ONCE))
    assert line.written() == []
    assert 'resources: ["jobs"], verbs: ["create", "delete", "patch"]' in line.operation()["message"]


async def test_an_account_without_rights_runs_no_hook_for_failures_either() -> None:
    hook = job("sorry", annotations={"gitops-operator.io/hook": "SyncFail"})
    line = await line_of(hook, config_map("a"), grants=[grant("*", "batch/jobs")], app=team(policy=ONCE))
    assert line.operation()["phase"] == "Failed"
    assert line.written() == []


# --- what is asked, and when ---


async def test_without_an_account_nothing_is_asked() -> None:
    line = Line()
    line.commit(config_map("a"), config_map("b", wave=1))
    line.create(application())
    await line.settle()
    assert reviews(line) == []


async def test_one_request_a_namespace_answers_for_all_objects_and_waves() -> None:
    objects = [config_map(f"c{number}", wave=number) for number in range(5)]
    line = await line_of(*objects, grants=[CONFIG_MAPS])
    assert line.words() == ("Synced", "Healthy")
    assert asked(line) == ["rules"]
    assert {sent.user for sent in reviews(line)} == {USER}


async def test_rules_that_do_not_tell_everything_are_completed_one_by_one() -> None:
    line = await line_of(config_map("a"), config_map("b"), grants=[])
    line.api.rights.incomplete = True
    line.api.rights.of[USER] = [CONFIG_MAPS]
    line.api.requests.clear()
    await line.after(30)
    assert line.words() == ("Synced", "Healthy")
    assert sorted(asked(line)) == ["create", "patch", "rules"]


async def test_what_is_missing_is_told_where_rules_do_not_tell_everything_too() -> None:
    line = Line()
    line.api.rights.incomplete = True
    line.commit(config_map("a"), config_map("b"))
    line.create(manifest("v1", "ServiceAccount", "team", namespace="gitops"), team())
    await line.settle()
    assert 'resources: ["configmaps"], verbs: ["create", "patch"]' in line.operation()["message"]


async def test_where_nobody_may_ask_the_writes_tell() -> None:
    line = Line()
    line.api.rights.of[USER] = [CONFIG_MAPS]
    denied = f'User "{USER}" cannot create resource "selfsubjectrulesreviews" in API group "authorization.k8s.io"'
    line.api.refuse(RefusalError(403, denied, "Forbidden"), "create", times=1)
    line.api.refuse(RefusalError(404, "404 page not found"), "create")
    line.commit(config_map("a"))
    line.create(manifest("v1", "ServiceAccount", "team", namespace="gitops"), team())
    await line.settle()
    assert line.words() == ("Synced", "Healthy")


async def test_an_operator_that_may_not_impersonate_says_whom() -> None:
    line = Line()
    denied = 'User "operator" cannot impersonate-on:serviceaccount:create resource "selfsubjectrulesreviews"'
    line.api.refuse(RefusalError(403, denied, "Forbidden"), "create")
    line.commit(config_map("a"))
    line.create(manifest("v1", "ServiceAccount", "team", namespace="gitops"), team(policy=ONCE))
    await line.settle()
    assert line.written() == []
    assert line.operation()["message"].startswith("ServiceAccount gitops/team: ")
    assert "cannot impersonate" in line.operation()["message"]


async def test_a_server_that_does_not_answer_for_a_while_holds_the_sync() -> None:
    line = Line()
    line.api.rights.of[USER] = [CONFIG_MAPS]
    line.api.refuse(RefusalError(503, "try again"), "create", times=2)
    line.commit(config_map("a"))
    line.create(manifest("v1", "ServiceAccount", "team", namespace="gitops"), team())
    await line.after(20)
    assert line.words() == ("Synced", "Healthy")


async def test_what_is_in_a_namespace_of_the_same_sync_is_asked_once_that_is_there() -> None:
    grants = [grant("create patch", "namespaces"), grant("create patch", "configmaps", "fresh")]
    later = config_map("a", namespace="fresh", wave=1)
    line = await line_of(manifest("v1", "Namespace", "fresh"), later, grants=grants)
    assert line.words() == ("Synced", "Healthy")
    assert asked(line) == ["create", "patch", "rules"]


async def test_what_is_of_a_kind_of_the_same_sync_is_asked_once_that_is_served() -> None:
    grants = [grant("create patch", "apiextensions.k8s.io/customresourcedefinitions")]
    line = await line_of(custom_resource_definition(), gizmo("g"), grants=grants, app=team(policy=ONCE))
    assert line.names("CustomResourceDefinition") != []
    assert "gizmos" in line.operation()["message"]
    assert line.names("Gizmo") == []


# --- what is remembered ---


async def test_what_was_allowed_is_not_asked_again_by_the_next_sync() -> None:
    line = await line_of(config_map("a"), grants=[CONFIG_MAPS])
    line.commit(config_map("a", {"color": "red"}))
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "red"}
    assert asked(line) == ["rules"]


async def test_after_a_write_was_refused_it_is_asked_again() -> None:
    line = await line_of(config_map("a"), grants=[CONFIG_MAPS])
    line.api.rights.of[USER] = []
    line.commit(config_map("a", {"color": "red"}))
    await line.settle()
    await line.after(10)
    assert asked(line) == ["rules", "rules"]
    assert 'verbs: ["patch"]' in line.operation()["message"]


async def test_what_was_said_counts_for_a_while_only() -> None:
    clock = FakeClock()
    api = FakeApi(clock.now)
    api.rights.of[USER] = [CONFIG_MAPS]
    its, right = Reviews(Client(cast("Session", api), "fake").in_name_of(USER), clock.monotonic), CONFIG_MAP
    for seconds, requests in ((0.0, 1), (REMEMBERED - 1, 1), (1, 2)):
        clock.time += timedelta(seconds=seconds)
        assert await its.lacking([right]) == []
        assert len(api.requests) == requests


# --- crashes ---


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_crash_around_any_request_changes_nothing_of_the_end(after: bool) -> None:
    for number, sent in enumerate((await story()).api.requests):
        line = await story((number, after))
        assert line.api.crash_at is None, sent
        assert line.words() == ("Synced", "Healthy"), sent
        assert line.names("ConfigMap") == ["a", "b"], sent


async def story(crash: tuple[int, bool] | None = None) -> Line:
    """A sync of two waves in the name of an account; the process dies once meanwhile."""
    line = Line()
    line.api.rights.of[USER] = [CONFIG_MAPS]
    line.commit(config_map("a"), config_map("b", wave=1))
    line.create(manifest("v1", "ServiceAccount", "team", namespace="gitops"), team())
    line.api.crash_at = crash
    await line.survive()
    return line
