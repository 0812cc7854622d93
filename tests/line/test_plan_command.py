"""What `kubectl gitops plan APP` says of a sync is what the sync then does."""

from gitops_operator.cli.online.plan_app import Planned, planned
from gitops_operator.model.parsing import parse_application
from gitops_operator.plan import Hints
from gitops_operator.view import View
from tests.builders import application, config_map, deployment, job, manifest, namespace
from tests.fakes import Line, synced

REQUIRED = {"approval": "required"}
HOOK = {"gitops-operator.io/hook": "PreSync", "gitops-operator.io/hook-delete-policy": "HookSucceeded"}


async def seen(line: Line) -> View:
    its, sight = parse_application(line.app()), line.operator.sight
    newest = sight.newest(its)
    assert newest is not None
    found = await sight.desired(its, newest)
    assert found is not None
    return await sight.view(its, found, Hints())


def writes(plan: Planned) -> list[str]:
    words = {"delete-hook": "delete", "prune": "delete"}
    return [f"{words.get(step.action, step.action)} {step.key}" for step in plan.steps]


async def two_versions(policy: dict[str, str]) -> Line:
    """A second version with a hook, waves, a restart, a prune and a claim that is lost waits to be synced."""
    claim = manifest("v1", "PersistentVolumeClaim", "data", spec={"accessModes": ["ReadWriteOnce"]})
    first = [config_map("a"), config_map("b"), config_map("c"), deployment("front"), claim]
    line = await synced(*first, app=application(policy={"syncOptions": ["PruneFirst=false"]}))
    line.edit_app({"spec": {"syncPolicy": {**policy, "automated": {"prune": True, "enabled": bool(policy)}}}})
    line.api.requests.clear()
    line.commit(
        job("before", annotations=HOOK),
        namespace("extra"),
        config_map("a", {"color": "red"}, wave=1),
        config_map("b"),
        config_map("c"),
        deployment("front", "shop:2"),
    )
    await line.settle()
    return line


async def test_it_is_the_plan_that_waits_for_an_approval() -> None:
    line = await two_versions(REQUIRED)
    plan = planned(await seen(line))
    assert plan.stanza == line.status()["plan"]
    assert plan.stanza["restarts"][0].startswith("apps/Deployment web/front replaces its pods")
    assert plan.stanza["losses"]


async def test_its_steps_are_the_writes_of_the_sync_in_their_order() -> None:
    line = await two_versions(REQUIRED)
    plan = planned(await seen(line))
    digest = plan.stanza["digest"]
    line.edit_app({"metadata": {"annotations": {"gitops-operator.io/approve": digest}}})
    await line.settle()
    assert line.words() == ("Synced", "Healthy")
    assert writes(plan) == line.written()


async def test_without_prune_nothing_is_pruned_unless_it_is_asked_for() -> None:
    line = await two_versions({})
    claim = "delete PersistentVolumeClaim web/data"
    assert claim not in writes(planned(await seen(line)))
    assert claim in writes(planned(await seen(line), prune=True))


async def test_a_suspension_and_a_window_do_not_hide_it() -> None:
    line = await two_versions({})
    closed = [{"kind": "deny", "schedule": "* * * * *", "duration": "1h"}]
    line.edit_app({"spec": {"suspend": {}, "syncPolicy": {"windows": closed}}})
    plan = planned(await seen(line))
    assert plan.why_not == ""
    assert "apply apps/Deployment web/front" in writes(plan)


async def test_there_is_none_where_nothing_differs() -> None:
    line = await synced(config_map("a"))
    assert planned(await seen(line)) == Planned({})


async def test_why_a_sync_would_not_begin_is_said() -> None:
    line = await synced(config_map("a"))
    line.commit(config_map("a", {"color": "red"}), manifest("example.com/v1", "Gizmo", "unknown", spec={}))
    plan = planned(await seen(line))
    assert plan.why_not.startswith("the sync would not begin: ")
    assert "Gizmo" in plan.why_not
