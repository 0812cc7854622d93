"""How scenes speak: titles, the commands that somebody would type, what was measured."""

import shlex
from typing import NamedTuple

from devcluster.demo.world import World

SHOP = "/api/v1/namespaces/demo-shop/configmaps"


class Measure(NamedTuple):
    """A line of the closing table."""

    what: str
    took: str


def measure(what: str, seconds: float) -> Measure:
    """What took so long."""
    return Measure(what, f"{seconds:.1f} s")


def title(text: str) -> None:
    """A scene begins."""
    print(f"\n== {text}\n", flush=True)


def kubectl(world: World, *arguments: str) -> None:
    """Runs kubectl, and shows how."""
    print(f"$ kubectl {shlex.join(arguments)}", flush=True)
    world.kube.run(*arguments)


def gitops(world: World, *arguments: str, seen: int = 0) -> None:
    """Runs kubectl gitops, and shows how and what it says; `seen` is the exit code that it is to have."""
    print(f"$ kubectl gitops {shlex.join(arguments)}", flush=True)
    print(world.kube.gitops(*arguments, seen=seen), flush=True)


def greeting(world: World) -> str:
    """What the shop's settings say in the cluster."""
    found = world.kube.get(f"{SHOP}/settings") or {}
    return str(found.get("data", {}).get("greeting", ""))
