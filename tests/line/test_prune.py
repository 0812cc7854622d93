"""What Git no longer has goes: after the applies, in reverse waves, and never more than was agreed."""

from gitops_operator.model.resource import ResourceKey
from tests.builders import application, config_map, custom_resource_definition, deployment, gizmo, namespace
from tests.fakes import Line, key, synced

MANY = [config_map(f"c{number:02}") for number in range(20)]


def deletes(line: Line) -> list[str]:
    return [sent.key.name for sent in line.writes() if sent.verb == "delete"]


async def test_what_git_no_longer_has_is_pruned() -> None:
    line = await synced(config_map("a"), config_map("b"))
    line.commit(config_map("a"))
    await line.settle()
    assert line.names("ConfigMap") == ["a"]
    assert line.events("Pruned") == ["Deleted ConfigMap web/b: Git no longer has it."]
    assert line.words() == ("Synced", "Healthy")


async def test_pruning_comes_after_all_applies() -> None:
    line = await synced(config_map("old"), config_map("kept"))
    line.commit(config_map("kept"), config_map("new", wave=5))
    with line.watching() as seen:
        await line.settle()
    assert [sent.verb for sent in seen if not sent.dry_run and sent.verb in {"apply", "delete"}] == ["apply", "delete"]


async def test_with_prune_first_it_comes_before() -> None:
    line = await synced(
        config_map("old"), config_map("kept"), app=application(policy={"syncOptions": ["PruneFirst=true"]})
    )
    line.commit(config_map("kept"), config_map("new"))
    with line.watching() as seen:
        await line.settle()
    assert [sent.verb for sent in seen if not sent.dry_run and sent.verb in {"apply", "delete"}] == ["delete", "apply"]
    assert line.words() == ("Synced", "Healthy")


async def test_pruning_goes_in_reverse_waves_each_gone_before_the_next() -> None:
    line = await synced(config_map("kept"), config_map("a"), config_map("b", wave=1, finalizers=["example.com/wait"]))
    line.commit(config_map("kept"))
    await line.settle()
    assert deletes(line) == ["b"]
    assert "example.com/wait" in line.condition("Reconciling")["message"]
    line.edit("ConfigMap", "b", {"metadata": {"finalizers": ["foregroundDeletion"]}})
    await line.settle()
    assert deletes(line) == ["b", "a"]
    assert line.words() == ("Synced", "Healthy")


async def test_custom_resources_are_gone_before_the_workloads_that_finalize_them() -> None:
    crd = custom_resource_definition()
    line = await synced(
        crd, gizmo("one", finalizers=["example.com/wait"]), deployment("controller"), config_map("kept")
    )
    line.commit(crd, config_map("kept"))
    await line.settle()
    assert deletes(line) == ["one"]
    line.edit("Gizmo", "one", {"metadata": {"finalizers": ["foregroundDeletion"]}})
    await line.settle()
    assert deletes(line) == ["one", "controller"]


async def test_a_namespace_is_pruned_last() -> None:
    app = application(policy={"pruneLimit": "100%"})
    line = await synced(namespace("other"), config_map("a", namespace="other"), config_map("kept"), app=app)
    line.commit(config_map("kept"))
    await line.settle()
    assert deletes(line) == ["a", "other"]


async def test_with_prune_off_it_says_what_it_would_do() -> None:
    line = await synced(config_map("a"), config_map("b"), app=application(automated={"selfHeal": True}))
    line.commit(config_map("a"))
    await line.settle()
    assert line.has("ConfigMap", "b")
    assert line.words()[0] == "OutOfSync"
    assert line.condition("Synced")["reason"] == "PruneOff"
    assert "ConfigMap web/b" in line.condition("Synced")["message"]


async def test_with_prune_off_the_rest_of_a_commit_is_synced_all_the_same() -> None:
    line = await synced(config_map("a"), config_map("b"), app=application(automated={"selfHeal": True}))
    line.commit(config_map("a", {"color": "red"}))
    await line.settle()
    assert line.live("ConfigMap", "a")["data"] == {"color": "red"}
    assert line.has("ConfigMap", "b")
    with line.watching() as seen:
        await line.after(600)
    assert seen == []


async def test_nothing_is_pruned_when_git_has_nothing_left() -> None:
    line = await synced(config_map("a"), config_map("b"))
    line.commit()
    await line.settle()
    assert line.names("ConfigMap") == ["a", "b"]
    assert line.condition("Stalled")["reason"] == "WouldPruneEverything"


async def test_allow_empty_lets_it() -> None:
    line = await synced(config_map("a"), app=application(automated={"prune": True, "allowEmpty": True}))
    line.commit()
    await line.settle()
    assert line.names("ConfigMap") == []
    assert line.words() == ("Synced", "Healthy")


async def test_more_than_half_is_not_pruned_without_a_word() -> None:
    line = await synced(*MANY)
    line.commit(*MANY[:5])
    await line.settle()
    assert len(line.names("ConfigMap")) == 20
    assert line.condition("Stalled")["reason"] == "PruneLimitExceeded"
    assert "15 of 20" in line.condition("Stalled")["message"]


async def test_the_prune_limit_is_the_applications_own() -> None:
    line = await synced(*MANY, app=application(policy={"pruneLimit": 1}))
    line.commit(*MANY[:18])
    await line.settle()
    assert line.condition("Stalled")["reason"] == "PruneLimitExceeded"
    line.edit_app({"spec": {"syncPolicy": {"pruneLimit": 2}}})
    await line.settle()
    assert len(line.names("ConfigMap")) == 18


async def test_a_user_may_ask_for_more_than_the_limit() -> None:
    line = await synced(*MANY)
    line.commit(*MANY[:5])
    await line.settle()
    line.edit_app({"operation": {"sync": {"prune": True}}})
    await line.settle()
    assert len(line.names("ConfigMap")) == 5
    assert line.words() == ("Synced", "Healthy")


async def test_objects_that_say_so_stay_and_count_as_in_sync() -> None:
    line = await synced(config_map("a"), config_map("b", options=["Prune=false"]))
    line.commit(config_map("a"))
    await line.settle()
    assert line.names("ConfigMap") == ["a", "b"]
    assert line.words() == ("Synced", "Healthy")


async def test_helms_keep_policy_is_honoured() -> None:
    line = await synced(config_map("a"), config_map("b", annotations={"helm.sh/resource-policy": "keep"}))
    line.commit(config_map("a"))
    await line.settle()
    assert line.names("ConfigMap") == ["a", "b"]


async def test_copies_with_our_annotation_are_nobodys() -> None:
    line = await synced(config_map("a"))
    annotations = line.live("ConfigMap", "a")["metadata"]["annotations"]
    line.create(config_map("copy", namespace="web", annotations=annotations))
    await line.settle()
    line.commit(config_map("b"), config_map("a"))
    await line.settle()
    assert line.has("ConfigMap", "copy")


async def test_an_object_that_a_controller_owns_is_never_pruned() -> None:
    line = await synced(config_map("a"), config_map("b"))
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x", "uid": "uid-x", "controller": True}
    line.edit("ConfigMap", "b", {"metadata": {"ownerReferences": [owner]}})
    line.commit(config_map("a"))
    await line.settle()
    assert line.has("ConfigMap", "b")


async def test_an_object_that_changes_meanwhile_is_read_again_before_it_is_deleted() -> None:
    line = await synced(config_map("a"), config_map("b"))
    line.commit(config_map("a"))

    def change(request: object, of: ResourceKey) -> None:
        if of.name == "b" and not line.requests("delete"):
            line.edit("ConfigMap", "b", {"data": {"hot": "yes"}})

    line.api.before_write = change
    await line.settle()
    assert line.names("ConfigMap") == ["a"]
    assert line.requests("delete|get") == ["delete ConfigMap web/b", "get ConfigMap web/b", "delete ConfigMap web/b"]


async def test_an_object_that_was_given_away_meanwhile_is_not_deleted() -> None:
    line = await synced(config_map("a"), config_map("b"))
    line.commit(config_map("a"))

    def give_away(request: object, of: ResourceKey) -> None:
        if of == key("ConfigMap", "b") and not line.requests("delete"):
            tracking = {"gitops-operator.io/tracking-id": "gitops/other:/ConfigMap:web/b"}
            line.edit("ConfigMap", "b", {"metadata": {"annotations": tracking}})

    line.api.before_write = give_away
    await line.settle()
    assert line.has("ConfigMap", "b")
