"""Applications that depend on each other: who waits, who is woken, who goes first."""

from typing import Any

from tests.builders import application, as_file, config_map, deployment
from tests.fakes import Line

NOBODY = frozenset({"garbage"})


def app(name: str, *needs: str, **parts: Any) -> dict[str, Any]:
    return application(name, spec={"dependsOn": [{"name": need} for need in needs]}, **parts)


def everything(**images: str) -> dict[str, str]:
    """Files of `db`, with a Deployment, and of `shop` and `blog`, each with a ConfigMap."""
    return {
        "db/db.yaml": as_file(deployment("db", images.get("db", "db:1"))),
        "shop/a.yaml": as_file(config_map("shop", {"color": images.get("shop", "blue")})),
        "blog/a.yaml": as_file(config_map("blog", {"color": images.get("blog", "blue")})),
    }


async def started(*apps: dict[str, Any], controllers: frozenset[str] | None = None) -> Line:
    line = Line(**({} if controllers is None else {"controllers": controllers}))
    line.commit(files=everything())
    line.create(*apps)
    await line.settle()
    return line


def reason(line: Line, name: str) -> str:
    return str(line.condition("Ready", name)["reason"])


async def test_an_application_waits_until_what_it_depends_on_is_ready() -> None:
    line = await started(app("shop", "db"), app("db"), controllers=NOBODY)
    assert reason(line, "shop") == "DependencyNotReady"
    assert line.condition("Ready", "shop")["message"].startswith(
        "It depends on Application gitops/db, which is not Ready"
    )
    assert not line.has("ConfigMap", "shop")
    line.controllers = frozenset({"Deployment"})
    await line.settle()
    assert (reason(line, "db"), reason(line, "shop")) == ("Ready", "Ready")


async def test_it_is_woken_and_does_not_ask_again_and_again() -> None:
    line = await started(app("shop", "db"), app("db"), controllers=NOBODY)
    passes = line.operator.passes
    await line.after(100)
    assert line.operator.passes == passes


async def test_one_that_does_not_exist_is_named_and_waited_for() -> None:
    line = await started(app("shop", "db"))
    assert line.condition("Ready", "shop")["message"] == ("It depends on Application gitops/db, which does not exist.")
    line.create(app("db"))
    await line.settle()
    assert reason(line, "shop") == "Ready"


async def test_a_commit_for_both_reaches_the_dependency_first() -> None:
    line = await started(app("blog", "db"), app("db"))
    line.controllers = NOBODY
    line.commit(files=everything(db="db:2", blog="red"))
    await line.settle()
    assert reason(line, "blog") == "DependencyNotReady"
    assert line.live("ConfigMap", "blog")["data"] == {"color": "blue"}
    line.controllers = frozenset({"Deployment"})
    await line.settle()
    assert line.live("ConfigMap", "blog")["data"] == {"color": "red"}


async def test_a_commit_that_the_dependency_does_not_read_holds_nobody_up() -> None:
    line = await started(app("blog", "db"), app("db"))
    line.commit(files=everything(blog="red"))
    await line.settle()
    assert line.live("ConfigMap", "blog")["data"] == {"color": "red"}


async def test_after_a_restart_the_dependency_is_looked_at_first() -> None:
    line = await started(app("blog", "db"), app("db"))
    line.git.commit(everything(db="db:2", blog="red"))
    line.controllers = NOBODY
    line.restart()
    await line.settle()
    assert line.live("ConfigMap", "blog")["data"] == {"color": "blue"}
    line.controllers = frozenset({"Deployment"})
    await line.settle()
    assert line.live("ConfigMap", "blog")["data"] == {"color": "red"}


async def test_a_new_spec_of_the_dependency_is_waited_for() -> None:
    line = await started(app("shop", "db"), app("db"))
    line.edit_app({"spec": {"suspend": {"reason": "freeze"}, "source": {"path": "blog"}}}, "db")
    line.commit(files=everything(shop="red"))
    await line.settle()
    assert reason(line, "shop") == "DependencyNotReady"


async def test_an_application_with_nothing_to_do_stays_as_it_is_while_its_dependency_is_not_ready() -> None:
    line = await started(app("shop", "db"), app("db"))
    before = line.app("shop")
    line.controllers = NOBODY
    line.commit(files=everything(db="db:2"))
    await line.settle()
    assert reason(line, "db") != "Ready"
    assert line.app("shop") == before
    assert line.events("DependencyNotReady") == []


async def test_a_circle_is_named_whole_by_each_of_its_members_and_those_behind_it_wait() -> None:
    line = await started(app("db", "shop"), app("blog", "db"), app("shop", "blog"), app("late", "db"))
    for name, way in (("db", "db → gitops/shop → gitops/blog → gitops/db"), ("blog", "blog → gitops/db → ")):
        assert reason(line, name) == "InvalidSpec"
        assert (
            f"spec.dependsOn: these Applications wait for each other: gitops/{way}"
            in (line.condition("Ready", name)["message"])
        )
    assert line.names("ConfigMap", "Deployment") == []


async def test_opening_a_circle_sets_all_its_members_going() -> None:
    line = await started(app("db", "shop"), app("blog", "db"), app("shop", "blog"))
    line.edit_app({"spec": {"dependsOn": []}}, "db")
    await line.settle()
    assert {reason(line, name) for name in ("db", "blog", "shop")} == {"Ready"}


async def test_an_application_cannot_depend_on_itself() -> None:
    line = await started(app("shop", "shop"))
    assert "wait for each other: gitops/shop → gitops/shop" in line.condition("Ready", "shop")["message"]


async def test_a_part_cannot_depend_on_what_contains_it() -> None:
    line = Line()
    line.commit(files={"db/shop.yaml": as_file(app("shop", "db")), "shop/a.yaml": as_file(config_map("shop"))})
    line.create(app("db"))
    await line.settle()
    assert "gitops/db contains this Application" in line.condition("Ready", "shop")["message"]


async def test_a_namespace_that_is_not_served_cannot_be_depended_on() -> None:
    foreign = application("shop", spec={"dependsOn": [{"name": "db", "namespace": "elsewhere"}]})
    line = await started(foreign)
    assert reason(line, "shop") == "InvalidSpec"
    assert "namespace elsewhere" in line.condition("Ready", "shop")["message"]


async def test_a_deletion_waits_for_dependents_and_says_by_whom_it_is_held() -> None:
    line = await started(app("shop", "db"), app("db"))
    line.delete_app("db")
    await line.settle()
    assert line.has("Deployment", "db")
    message = line.condition("Ready", "db")["message"]
    assert message.startswith("Applications that depend on this one go first: gitops/shop.")
    line.edit_app({"spec": {"dependsOn": []}}, "shop")
    await line.settle()
    assert line.names("Application", "Deployment") == ["shop"]


async def test_all_that_is_deleted_together_goes_in_reverse_order() -> None:
    line = await started(app("shop", "blog"), app("blog", "db"), app("db"))
    for name in ("db", "blog", "shop"):
        line.delete_app(name)
    await line.settle()
    assert [sent.key.name for sent in line.writes() if sent.verb == "delete"] == ["shop", "blog", "db"]
    assert line.names("Application") == []


async def test_a_circle_does_not_keep_its_members_from_going() -> None:
    line = await started(app("shop", "db"), app("db"))
    line.edit_app({"spec": {"dependsOn": [{"name": "shop"}]}}, "db")
    await line.settle()
    for name in ("db", "shop"):
        line.delete_app(name)
    await line.settle()
    assert line.names("Application") == []


async def test_what_only_leaves_its_objects_behind_waits_for_nobody() -> None:
    line = await started(app("shop", "db"), app("db"))
    line.edit_app({"spec": {"deletionPolicy": "Orphan"}}, "db")
    await line.settle()
    line.delete_app("db")
    await line.settle()
    assert line.names("Application") == ["shop"]


async def test_a_sync_that_runs_goes_on_when_its_dependency_falls_ill() -> None:
    line = Line()
    line.commit(files={**everything(), "shop/b.yaml": as_file(config_map("late", wave=1))})
    line.create(app("shop", "db"), app("db"))
    while not line.status("shop").get("operation"):
        await line.step()
    line.edit_app({"spec": {"source": {"path": "missing"}}}, "db")
    await line.settle()
    assert line.has("ConfigMap", "late")


async def test_an_operator_that_dies_after_any_request_leaves_what_the_next_one_finishes() -> None:
    whole = await started(app("shop", "db"), app("db"))
    for count in range(len(whole.requests())):
        line = Line()
        line.commit(files=everything())
        line.create(app("shop", "db"), app("db"))
        while len(line.requests()) < count:
            await line.step()
        line.restart()
        await line.settle()
        assert (reason(line, "db"), reason(line, "shop")) == ("Ready", "Ready")
