"""In whose name an Application writes: with the rights of its service account and no others."""

from typing import Any

from tests.builders import Body, application, config_map, manifest
from tests.fake_rights import Grant, grant
from tests.fakes import Line, key

USER = "system:serviceaccount:gitops:team"
EVERYTHING = grant("*")
OUTSIDE = "operators"


def account(name: str = "team") -> Body:
    return manifest("v1", "ServiceAccount", name, namespace="gitops")


def team(**parts: Any) -> Body:
    return application(spec={"serviceAccountName": "team"}, **parts)


async def line_of(
    *objects: Body, app: Body | None = None, grants: tuple[Grant, ...] = (EVERYTHING,), **settings: Any
) -> Line:
    """A line whose Application writes as the account "team", which has these rights; settled."""
    line = Line(**settings)
    line.api.rights.of[USER] = list(grants)
    line.commit(*objects)
    line.create(account(), app or team())
    await line.settle()
    return line


async def test_all_writes_and_dry_runs_are_sent_in_the_accounts_name() -> None:
    line = await line_of(config_map("a"), config_map("b", wave=1))
    assert line.words() == ("Synced", "Healthy")
    of_objects = [sent for sent in line.api.requests if sent.key.namespace == "web"]
    assert {sent.dry_run for sent in of_objects} == {True, False}
    assert {sent.user for sent in of_objects} == {USER}


async def test_the_application_itself_is_written_in_the_operators_name() -> None:
    line = await line_of(config_map("a"))
    assert {sent.user for sent in line.api.requests if sent.key.kind == "Application"} == {""}


async def test_without_an_account_everything_is_written_in_the_operators_name() -> None:
    line = await line_of(config_map("a"), app=application())
    assert {sent.user for sent in line.api.requests} == {""}


async def test_drift_is_corrected_and_objects_are_pruned_in_the_accounts_name() -> None:
    line = await line_of(config_map("a"), config_map("b"))
    with line.watching() as seen:
        line.edit("ConfigMap", "a", {"data": {"color": "red"}})
        await line.settle()
        line.commit(config_map("a"))
        await line.settle()
        line.delete_app()
        await line.settle()
    assert line.names("ConfigMap", "Application") == []
    assert {sent.user for sent in seen if sent.key.kind == "ConfigMap"} == {USER}


async def test_what_the_account_may_not_do_is_refused_though_the_operator_may() -> None:
    line = await line_of(config_map("a"), grants=(grant("*", namespace="elsewhere"),))
    assert line.written() == []
    assert "ServiceAccount gitops/team may not" in line.operation()["message"]


async def test_an_account_that_does_not_exist_writes_nothing_and_is_named() -> None:
    line = await line_of(config_map("a"), app=application(spec={"serviceAccountName": "nobody"}))
    line.api.rights.of["system:serviceaccount:gitops:nobody"] = [EVERYTHING]
    await line.after(600)
    assert line.written() == []
    assert line.condition("Stalled")["reason"] == "AccountMissing"
    assert "ServiceAccount gitops/nobody" in line.condition("Stalled")["message"]


async def test_once_the_account_is_there_the_sync_begins() -> None:
    line = await line_of(config_map("a"), app=application(spec={"serviceAccountName": "late"}))
    line.api.rights.of["system:serviceaccount:gitops:late"] = [EVERYTHING]
    line.create(account("late"))
    await line.settle()
    assert line.words() == ("Synced", "Healthy")


async def test_a_running_sync_holds_while_its_account_is_gone() -> None:
    line = await line_of(config_map("a"), config_map("b", wave=1), grants=(EVERYTHING,))
    line.commit(config_map("a", {"color": "red"}), config_map("b", {"color": "red"}, wave=1))
    await line.step()
    line.api.vanish(key("ServiceAccount", "team", "gitops"))
    await line.settle()
    assert line.live("ConfigMap", "b")["data"] == {"color": "blue"}
    assert line.condition("Stalled")["reason"] == "AccountMissing"
    line.create(account())
    await line.settle()
    assert line.live("ConfigMap", "b")["data"] == {"color": "red"}


async def test_another_account_is_tried_at_once() -> None:
    line = await line_of(config_map("a"), grants=(), app=team(policy={"retry": {"limit": 0}}))
    assert line.operation()["phase"] == "Failed"
    line.api.rights.of["system:serviceaccount:gitops:able"] = [EVERYTHING]
    line.create(account("able"))
    line.edit_app({"spec": {"serviceAccountName": "able"}})
    await line.settle()
    assert line.words() == ("Synced", "Healthy")


async def test_outside_the_operators_namespace_an_account_is_required() -> None:
    line = await line_of(config_map("a"), app=application(), home=OUTSIDE)
    assert line.written() == []
    assert line.condition("Stalled")["reason"] == "InvalidSpec"
    assert "spec.serviceAccountName" in line.condition("Stalled")["message"]


async def test_outside_the_operators_namespace_a_default_account_serves() -> None:
    line = await line_of(config_map("a"), app=application(), home=OUTSIDE, accounts=("team", False))
    assert line.words() == ("Synced", "Healthy")
    assert {sent.user for sent in line.writes()} == {USER}


async def test_an_account_of_its_own_beats_the_default_one() -> None:
    line = await line_of(config_map("a"), home=OUTSIDE, accounts=("other", False))
    assert {sent.user for sent in line.writes()} == {USER}


async def orphaned(**settings: Any) -> Line:
    """The Application is deleted when its account is gone already."""
    line = await line_of(config_map("a"), config_map("b"), **settings)
    line.api.vanish(key("ServiceAccount", "team", "gitops"))
    line.delete_app()
    await line.settle()
    return line


async def test_when_the_account_is_gone_nothing_is_deleted_and_what_is_left_is_named() -> None:
    line = await orphaned()
    assert line.names("ConfigMap") == ["a", "b"]
    message = line.condition("Reconciling")["message"]
    assert "ServiceAccount gitops/team does not exist" in message
    assert "ConfigMap web/a; ConfigMap web/b" in message


async def test_the_message_of_what_is_left_does_not_move() -> None:
    line = await orphaned()
    before = line.status()
    await line.after(300)
    assert line.status() == before


async def test_after_the_timeout_the_application_goes_without_its_objects() -> None:
    line = await orphaned()
    await line.after(610)
    assert line.names("Application") == []
    assert line.names("ConfigMap") == ["a", "b"]
    assert "ConfigMap web/a" in line.events("LeftBehind")[0]


async def test_when_the_account_comes_back_the_objects_are_deleted() -> None:
    line = await orphaned()
    line.create(account())
    await line.after(10)
    assert line.names("Application", "ConfigMap") == []


async def test_where_a_setting_allows_it_the_operator_deletes_with_its_own_rights() -> None:
    line = await orphaned(accounts=("", True))
    assert line.names("Application", "ConfigMap") == []
    assert {sent.user for sent in line.api.requests if sent.verb == "delete"} == {""}


async def test_while_the_account_is_there_its_rights_count_whatever_the_setting_says() -> None:
    line = await line_of(config_map("a"), accounts=("", True))
    line.api.rights.of[USER] = []
    line.delete_app()
    await line.settle()
    assert line.names("ConfigMap") == ["a"]
    assert USER in line.condition("Reconciling")["message"]


async def test_an_application_that_never_had_an_account_is_not_deleted_with_the_operators_rights() -> None:
    line = await line_of(config_map("a"), app=application(finalizers=["gitops-operator.io/finalizer"]), home=OUTSIDE)
    tracked = config_map(
        "mine", namespace="web", annotations={"gitops-operator.io/tracking-id": "gitops/shop:/ConfigMap:web/mine"}
    )
    line.create(tracked)
    line.delete_app()
    await line.after(610)
    assert line.names("ConfigMap") == ["mine"]
    assert line.names("Application") == []
