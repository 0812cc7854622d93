"""Which Applications an Application depends on, and whether they go round in a circle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.resource import Body

Edges = Callable[[ApplicationKey], Iterable[ApplicationKey]]


def dependencies_in(body: Body) -> tuple[ApplicationKey, ...]:
    """What the spec of a custom resource names; without a namespace it is that of the Application."""
    own = body["metadata"].get("namespace", "")
    named = (body.get("spec") or {}).get("dependsOn") or ()
    return tuple(dict.fromkeys(ApplicationKey(one.get("namespace") or own, one["name"]) for one in named))


def reached(start: ApplicationKey, edges: Edges) -> Iterator[ApplicationKey]:
    """Everything on the way from one Application along these edges, once each; itself where that leads back to it."""
    seen: set[ApplicationKey] = set()
    waiting = list(edges(start))
    while waiting:
        key = waiting.pop()
        if key not in seen:
            seen.add(key)
            yield key
            waiting.extend(edges(key))


def circle(start: ApplicationKey, edges: Edges) -> tuple[ApplicationKey, ...]:
    """The shortest way from one Application back to it, with it at both ends; empty where there is none."""
    came_from: dict[ApplicationKey, ApplicationKey] = {}
    known = [start]
    for key in known:  # it grows while it is walked
        for following in edges(key):
            if following == start:
                return (*_way(start, key, came_from), start)
            if following not in came_from:
                came_from[following] = key
                known.append(following)
    return ()


def _way(
    start: ApplicationKey, end: ApplicationKey, came_from: Mapping[ApplicationKey, ApplicationKey]
) -> list[ApplicationKey]:
    way = [end]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return way[::-1]
