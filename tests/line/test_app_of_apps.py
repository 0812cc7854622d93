"""Applications that contain Applications."""

from tests.builders import application, as_file, config_map, deployment
from tests.fakes import Line, synced


async def family(*, wave: int = 0, later: bool = False, controllers: frozenset[str] | None = None) -> Line:
    """`shop` contains `blog`, which has a Deployment."""
    settings = {} if controllers is None else {"controllers": controllers}
    line = Line(**settings)
    child = application("blog", wave=wave)
    objects = [child, config_map("late", wave=wave + 1)] if later else [child]
    line.commit(*objects, files={"blog/front.yaml": as_file(deployment("front"))})
    line.create(application())
    await line.settle()
    return line


async def test_the_child_is_made_and_synced() -> None:
    line = await family()
    assert line.words("blog") == ("Synced", "Healthy")
    assert line.words("shop") == ("Synced", "Healthy")
    assert line.has("Deployment", "front")


async def test_the_parent_is_well_when_the_child_is_ready() -> None:
    line = await family(controllers=frozenset({"garbage"}))
    assert line.words("shop") == ("Synced", "Progressing")
    assert "gitops/blog" in line.status("shop")["health"]["message"]
    line.controllers = frozenset({"Deployment"})
    await line.settle()
    assert line.words("shop") == ("Synced", "Healthy")


async def test_a_wave_waits_for_the_child() -> None:
    line = await family(later=True, controllers=frozenset({"garbage"}))
    assert not line.has("ConfigMap", "late")
    line.controllers = frozenset({"Deployment"})
    await line.settle()
    assert line.has("ConfigMap", "late")


async def test_the_childs_status_and_finalizer_are_no_drift_of_the_parent() -> None:
    line = await family()
    with line.watching() as seen:
        await line.after(600)
    assert seen == []


async def test_a_change_of_the_child_in_git_reaches_it() -> None:
    line = await family()
    changed = application("blog", policy={"syncOptions": ["PruneFirst=true"]})
    line.commit(changed, files={"blog/front.yaml": as_file(deployment("front"))})
    await line.settle()
    assert line.app("blog")["spec"]["syncPolicy"]["syncOptions"] == ["PruneFirst=true"]
    assert line.words("shop") == ("Synced", "Healthy")


async def test_a_child_that_git_drops_goes_with_its_objects() -> None:
    line = await family()
    line.commit(config_map("other"), files={"blog/front.yaml": as_file(deployment("front"))})
    await line.settle()
    assert line.names("Application") == ["shop"]
    assert line.names("Deployment") == []
    assert line.words("shop") == ("Synced", "Healthy")


async def test_deleting_the_parent_deletes_the_family() -> None:
    line = await family()
    line.delete_app("shop")
    await line.settle()
    await line.after(30)
    assert line.names("Application", "Deployment") == []


async def test_a_user_may_ask_the_child_for_a_sync() -> None:
    line = await family()
    line.edit_app({"operation": {"sync": {}}}, "blog")
    await line.settle()
    assert len(line.status("blog")["history"]) == 2
    assert "operation" not in line.app("blog")
    assert line.words("shop") == ("Synced", "Healthy")


async def test_an_application_that_contains_itself_neither_waits_for_nor_prunes_itself() -> None:
    itself = application("shop")
    line = await synced(itself, config_map("a"), app=itself)
    assert line.words() == ("Synced", "Healthy")
    line.commit(config_map("a"))
    await line.settle()
    assert line.names("Application") == ["shop"]


async def test_applications_that_contain_each_other_are_told() -> None:
    line = Line()
    shop, blog = application("shop"), application("blog")
    line.commit(blog, config_map("a"), files={"blog/shop.yaml": as_file(shop)})
    line.create(shop)
    await line.settle()
    await line.after(10)
    for name in ("shop", "blog"):
        assert "gitops/blog" in line.condition("ApplicationCycle", name)["message"]
        assert line.words(name) == ("Synced", "Healthy")
