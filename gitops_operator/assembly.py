"""From settings to a running engine: the only place that constructs things."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import NamedTuple

from gitops_operator.access import Access
from gitops_operator.cluster.client import Client
from gitops_operator.cluster.exclusions import DEFAULT_EXCLUSIONS
from gitops_operator.cluster.lease import Leadership, LeaseName, LeaseTimes
from gitops_operator.cluster.pace import WatchSettings
from gitops_operator.cluster.session import Session, connect
from gitops_operator.cluster.watch import Informers
from gitops_operator.destination import Destination, Rules
from gitops_operator.engine import Engine, Parts
from gitops_operator.feed import Feed
from gitops_operator.health import Assessor, assess, assess_beside
from gitops_operator.live import Store
from gitops_operator.manifests import Manifests
from gitops_operator.measuring import GitMeasurements, Measurements
from gitops_operator.metrics import Metrics
from gitops_operator.model.application import APPLICATION, ApplicationKey, IgnoreRule
from gitops_operator.model.resource import ResourceKey
from gitops_operator.narrator import Storyteller
from gitops_operator.ports import Clock
from gitops_operator.reconciler import Reconciler
from gitops_operator.render.cache import RenderCache
from gitops_operator.render.programs import Programs
from gitops_operator.render.renderer import Observer, Renderer, Unmeasured, Workshop
from gitops_operator.render.tools import ToolLimits, Tools
from gitops_operator.rulebook import Rulebook
from gitops_operator.settings import Settings
from gitops_operator.sight import Sight
from gitops_operator.source.limits import Limits
from gitops_operator.source.repositories import Repositories
from gitops_operator.tallies import Tallies
from gitops_operator.view import Chance
from gitops_operator.wakeups import Priority, Wakeups
from gitops_operator.web.forwarding import Forwarder
from gitops_operator.webhooks import Secrets, Webhooks
from gitops_operator.workers import Workers

_LEASE = "gitops-operator"
_CLUSTER = "in-cluster"
_RENDER_THREADS = 2
_CACHED_BYTES = 2 << 30  # of mirrors in the cache folder of whoever looks on
_ID = "23456789abcdefghjkmnpqrstuvwxyz"  # without letters that people confuse


async def session_of(settings: Settings) -> Session:
    """The connection to the cluster that the settings name.

    Raises:
        ClusterError: its configuration cannot be used.
    """
    return await connect(settings.kubeconfig or None, settings.context or None)


async def assemble(settings: Settings, wakeups: Wakeups, metrics: Metrics) -> Engine:
    """An engine, ready to run.

    Raises:
        ClusterError: the configuration of the cluster cannot be used.
        SourceError: the data folder cannot be used.
    """
    measurements = Measurements(metrics)
    session = await session_of(settings)
    client = Client(session, _CLUSTER, measurements, writes=settings.writes_in_flight)
    assessor, health_rules = Assessor(), ResourceKey("", "ConfigMap", settings.namespace, settings.health_rules)
    store = _store(settings, assessor, health_rules)
    tallies = Tallies(metrics)
    storyteller = Storyteller(client, tallies)
    access = Access(store, settings.namespace)
    # The lease and the feed tell the engine, which is built last.
    leadership = _leadership(settings, session, measurements, lambda leads: engine.lead(leads=leads))
    feed = Feed(store, wakeups.wake, lambda: engine.settings_moved(), measurements, also=settings.health_rules)  # noqa: PLW0108 - engine is not there yet
    destination = Destination(client, store, _rules(settings), may_write=leadership.is_leader, moved=feed.moved)
    repositories = _repositories(settings, lambda key: _news(sight, wakeups, key), GitMeasurements(metrics, tallies))
    workshop = _workshop(settings, _RENDER_THREADS, measurements)
    renderer = Renderer(workshop, lambda key: wakeups.wake(key, Priority.COMMIT), settings.renders_at_once)
    manifests = Manifests(
        repositories,
        renderer,
        credential_of=access.credential_of,
        catalogue=lambda: destination.catalogue,
        installation=settings.installation,
    )
    sight = Sight(destination, manifests, _global_rules(settings))
    reconciler = Reconciler(destination, sight, storyteller, Clock(_now, _chance, measurements.stage))
    parts = Parts(
        session=session,
        store=store,
        informers=Informers(client, feed, WatchSettings(exclusions=(*DEFAULT_EXCLUSIONS, *settings.exclude_kinds))),
        repositories=repositories,
        renderer=renderer,
        access=access,
        rulebook=Rulebook(store, health_rules, assessor, feed.moved),
        webhooks=_webhooks(settings, store, leadership, repositories, metrics),
        wakeups=wakeups,
        turn=sight.turn,
        workers=Workers(reconciler, wakeups, leadership.is_leader, metrics, look_interval=settings.look_interval),
        leadership=leadership,
        storyteller=storyteller,
        tallies=tallies,
        metrics=metrics,
    )
    engine = Engine(parts, settings)
    return engine


def _store(settings: Settings, assessor: Assessor, health_rules: ResourceKey) -> Store:
    return Store(
        assess=assessor.assess,
        beside=assessor.beside,
        installation=settings.installation,
        kept=frozenset({APPLICATION, health_rules}),
    )


def _leadership(
    settings: Settings, session: Session, measurements: Measurements, changed: Callable[[bool], None]
) -> Leadership:
    """With a client of its own: a renewal must not queue behind other writes."""
    return Leadership(
        Client(session, _CLUSTER, measurements, timeout=settings.lease_duration),
        LeaseName(settings.namespace, "-".join(filter(None, (_LEASE, settings.installation)))),
        settings.leader_name,
        changed,
        LeaseTimes(duration=settings.lease_duration),
    )


def _news(sight: Sight, wakeups: Wakeups, key: ApplicationKey) -> None:
    """A repository has something new for an Application."""
    sight.looks.expect(key)
    wakeups.wake(key, Priority.COMMIT)


def _repositories(
    settings: Settings, news: Callable[[ApplicationKey], None], observer: GitMeasurements
) -> Repositories:
    limits = Limits(interval=settings.poll_interval, timeout=settings.git_timeout, allow_file=settings.allow_file_urls)
    return Repositories(
        settings.data_folder / "repositories",
        wake=news,
        limits=limits,
        observer=observer,
    )


def _workshop(settings: Settings, number: int, observer: Observer) -> Workshop:
    threads = ThreadPoolExecutor(number, thread_name_prefix="render")
    return Workshop(
        cache=RenderCache(settings.data_folder / "renders"),
        runner=Tools(
            settings.data_folder / "tools", ToolLimits(settings.render_timeout, settings.render_memory), threads
        ),
        programs=Programs(settings.kustomize_program),
        threads=threads,
        clock=time.monotonic,
        observer=observer,
    )


def _webhooks(
    settings: Settings, store: Store, leadership: Leadership, repositories: Repositories, metrics: Metrics
) -> Webhooks:
    known = Secrets(store, settings.namespace, allows_anybody=settings.unsigned_webhooks)
    return Webhooks(known, leadership, repositories.pushed, Forwarder().pass_on, metrics)


def _global_rules(settings: Settings) -> tuple[IgnoreRule, ...]:
    return (IgnoreRule(group="*", managers=settings.ignore_managers),) if settings.ignore_managers else ()


def _rules(settings: Settings) -> Rules:
    return Rules(
        settings.installation,
        settings.namespace,
        _serves(settings),
        settings.default_service_account,
        settings.prune_without_account,
    )


def _serves(settings: Settings) -> Callable[[str], bool]:
    def serves(namespace: str) -> bool:
        globs = (settings.namespace, *settings.application_namespaces)
        return any(fnmatchcase(namespace, glob) for glob in globs)

    return serves


class Onlooker(NamedTuple):
    """The stages up to the comparison, over a store that is filled by hand: it writes nothing and follows nothing."""

    store: Store
    access: Access
    repositories: Repositories
    renderer: Renderer
    manifests: Manifests
    sight: Sight


def assemble_onlooker(client: Client, settings: Settings, wake: Callable[[ApplicationKey], None]) -> Onlooker:
    """What looks at an Application once, as the operator would; `wake` hears that a repository has answered.

    Raises:
        SourceError: the data folder cannot be used.
    """
    store = Store(assess=assess, beside=assess_beside, installation=settings.installation)
    access = Access(store, settings.namespace)
    rules = Rules(settings.installation, settings.namespace, lambda _: True)
    destination = Destination(client, store, rules, may_write=lambda: False, moved=lambda _: None)
    # A file:// URL reads the disk of whoever calls, with their own rights.
    timeout = settings.git_timeout
    limits = Limits(interval=settings.poll_interval, timeout=timeout, max_bytes=_CACHED_BYTES, allow_file=True)
    repositories = Repositories(settings.data_folder / "repositories", wake=wake, limits=limits)
    renderer = Renderer(_workshop(settings, 1, Unmeasured()), wake, settings.renders_at_once)
    manifests = Manifests(
        repositories,
        renderer,
        credential_of=access.credential_of,
        catalogue=lambda: destination.catalogue,
        installation=settings.installation,
    )
    sight = Sight(destination, manifests, _global_rules(settings))
    return Onlooker(store, access, repositories, renderer, manifests, sight)


def _now() -> datetime:
    return datetime.now(UTC)


def _chance() -> Chance:
    new_id = "".join(secrets.choice(_ID) for _ in range(8))
    return Chance(random.random(), new_id)  # noqa: S311 - spreads load, protects nothing
