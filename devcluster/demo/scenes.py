"""What the demo shows, one scene after the other."""

import time
from collections import Counter
from collections.abc import Sequence

from devcluster.demo.going_back import careful
from devcluster.demo.kube import Body
from devcluster.demo.showing import SHOP, Measure, greeting, kubectl, measure, title
from devcluster.demo.table import Table, boxed
from devcluster.demo.world import World

_EVERYTHING = {"apps", "autoscaled", "team-blue", "team-red", "waves"}
_WEB = "/apis/apps/v1/namespaces/demo-shop/deployments/web"
_API = "/apis/apps/v1/namespaces/demo-api/deployments/api"
_BY_HAND = 5
_WATCHED_SECONDS = 6.0
_EVENTS_PATIENCE = 5.0


def play(world: World) -> None:
    """All scenes, and a closing table.

    Raises:
        DemoError: something did not come true in its time.
    """
    measures = [beginning(world), *commit(world), drift(world), autoscaled(world), deletion(world), *careful(world)]
    _show_events(world)
    title("What it took (a repository is asked for news every 2 s)")
    print(boxed(("what", "took"), measures), flush=True)


def beginning(world: World) -> Measure:
    """Three Applications, and two more that one of them holds, become Synced and Healthy."""
    title("Three Applications: one in waves, one with an autoscaler, one that holds two more")
    started, table = time.monotonic(), Table()
    world.apply_applications()

    def all_are_well() -> bool:
        rows = world.rows()
        table.show(rows)
        return {row.name for row in rows} >= _EVERYTHING and all(row.is_well for row in rows)

    world.until(all_are_well, "every Application to be Synced and Healthy", timeout=180)
    return measure("five Applications from nothing to Synced and Healthy", time.monotonic() - started)


def commit(world: World) -> list[Measure]:
    """A commit scales the web and changes a setting."""
    title("A commit: three replicas of the web instead of two, and another greeting")
    files = world.repository.files()
    changes = {
        "waves/web.yaml": _replaced(files["waves/web.yaml"], "replicas: 2", "replicas: 3"),
        "waves/settings.yaml": _replaced(files["waves/settings.yaml"], "Hello from Git", "Hello again"),
    }
    sha, started, table = world.repository.commit(changes, "Scale the web"), time.monotonic(), Table()

    def is_applied() -> bool:
        table.show([world.row("waves")])
        return _replicas(world, _WEB) == 3

    def is_well() -> bool:
        table.show([world.row("waves")])
        return _is_well_at(world, sha)

    world.until(is_applied, "the commit to be applied")
    applied = time.monotonic() - started
    world.until(is_well, "the Application to be Synced and Healthy at the new commit")
    return [
        measure("commit → applied (two waves)", applied),
        measure("commit → Synced and Healthy", time.monotonic() - started),
    ]


def drift(world: World) -> Measure:
    """Somebody changes an object by hand; it is put back."""
    title("Drift: somebody changes the greeting by hand")
    started = time.monotonic()  # before kubectl starts: what it takes itself counts, too
    kubectl(world, "patch", "configmap", "settings", "-n", "demo-shop", "-p", '{"data":{"greeting":"I was here"}}')
    world.until(lambda: greeting(world) == "Hello again", "the drift to be corrected")
    took = time.monotonic() - started
    print(f"greeting: {greeting(world)}   (again, after {took:.1f} s)", flush=True)
    return measure("drift → healed", took)


def autoscaled(world: World) -> Measure:
    """The replicas of an autoscaled workload are not Git's: scaling it is no drift."""
    title("An autoscaled Deployment is scaled; Git says 2, but the number belongs to the autoscaler")
    kubectl(world, "scale", "deployment", "api", "-n", "demo-api", f"--replicas={_BY_HAND}")
    started = time.monotonic()

    def is_over() -> bool:
        row = world.row("autoscaled")
        if _replicas(world, _API) != _BY_HAND or row.sync != "Synced":
            return False
        return time.monotonic() - started > _WATCHED_SECONDS and row.is_well

    world.until(
        is_over, f"the Deployment to stay at {_BY_HAND} replicas and its Application to stay Synced", timeout=30
    )
    print(f"replicas: {_replicas(world, _API)}, {world.row('autoscaled').sync}", flush=True)
    return Measure(f"scaled to {_BY_HAND} by hand", f"left alone for {_WATCHED_SECONDS:.0f} s, Synced")


def deletion(world: World) -> Measure:
    """A file leaves Git; its object leaves the cluster."""
    title("A file is deleted from Git")
    banner = f"{SHOP}/banner"
    world.until(lambda: world.kube.get(banner) is not None, "the banner to be there")
    sha = world.repository.delete("waves/banner.yaml")
    print("$ git rm waves/banner.yaml && git commit && git push", flush=True)
    took = world.until(lambda: world.kube.get(banner) is None, "the object to be pruned")
    world.until(lambda: _is_well_at(world, sha), "the Application to be Synced and Healthy again")
    print(f"ConfigMap demo-shop/banner is gone   (after {took:.1f} s)", flush=True)
    return measure("deletion → pruned", took)


def _show_events(world: World) -> None:
    title("What the operator says it did: the Events of the Applications")
    deadline = time.monotonic() + _EVENTS_PATIENCE  # Events come a moment after the status; a lost one is no failure
    while not _is_complete(events := world.events()) and time.monotonic() < deadline:
        time.sleep(0.1)
    rows = [(event["involvedObject"]["name"], event["reason"], event["message"]) for event in events]
    print(boxed(("application", "reason", "message"), rows), flush=True)


def _is_complete(events: Sequence[Body]) -> bool:
    reasons = Counter(event["reason"] for event in events)
    return reasons["Pruned"] > 0 and reasons["SyncStarted"] == reasons["SyncSucceeded"]


def _is_well_at(world: World, sha: str) -> bool:
    row = world.row("waves")
    return row.is_well and sha.startswith(row.revision)


def _replaced(text: str, old: str, new: str) -> str:
    """The text with a change that is really one."""
    assert old in text, f"the example does not say {old!r} any more"
    return text.replace(old, new)


def _replicas(world: World, path: str) -> int:
    found = world.kube.get(path) or {}
    return int(found.get("spec", {}).get("replicas", 0))
