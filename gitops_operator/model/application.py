"""The Application as its author wrote it, parsed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from gitops_operator.model.operation import Operation, OperationRequest
from gitops_operator.model.packaging import Kustomize
from gitops_operator.model.resource import ARGO_PREFIX, PREFIX, Body, GroupKind
from gitops_operator.model.window import SyncWindow

GROUP = "gitops-operator.io"
VERSION = "v1alpha1"
KIND = "Application"
PLURAL = "applications"
APPLICATION = GroupKind(GROUP, KIND)
FINALIZER = PREFIX + "finalizer"
ARGO_FINALIZERS = (
    "resources-finalizer.argocd.argoproj.io",
    "resources-finalizer.argocd.argoproj.io/foreground",
    "resources-finalizer.argocd.argoproj.io/background",
)
REFRESH = PREFIX + "refresh"
APPROVE = PREFIX + "approve"
DELETION_APPROVED = (PREFIX + "deletion-approved", ARGO_PREFIX + "deletion-approved")


class ApplicationKey(NamedTuple):
    """The identity that travels in wake-ups; never the object."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Directory:
    """How the files of a folder are picked: globs with braces, relative to the source's path; "" picks all."""

    recurse: bool = False
    include: str = ""
    exclude: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the manifests stand; `path` has no leading or trailing slash, "" is the root of the repository.

    At most one of `directory` and `kustomize` says what the folder is; without any the files in it tell.
    """

    repo_url: str
    target_revision: str = "HEAD"
    path: str = ""
    directory: Directory | None = None
    kustomize: Kustomize | None = None


@dataclass(frozen=True, slots=True)
class Automated:
    """What happens without being asked."""

    enabled: bool = True
    prune: bool = False
    self_heal: bool = False
    allow_empty: bool = False


@dataclass(frozen=True, slots=True)
class Retry:
    """When a failed sync is tried again: `limit` -1 is for ever; times in seconds."""

    limit: int = 5
    duration: float = 5.0
    factor: float = 2.0
    max_duration: float = 180.0


@dataclass(frozen=True, slots=True)
class PruneLimit:
    """How many objects one sync may prune before it asks; one of the two is set."""

    number: int | None = None
    percent: int | None = None


@dataclass(frozen=True, slots=True)
class NamespaceMetadata:
    """Labels and annotations of the namespace that CreateNamespace makes."""

    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class SyncPolicy:
    """When and how to sync; `timeout` in seconds without progress, `approval` says that each sync waits for one.

    An `atomic` one that fails goes back to the last good version.
    """

    automated: Automated | None = None
    options: frozenset[str] = frozenset()
    retry: Retry = Retry()
    namespace_metadata: NamespaceMetadata | None = None
    wait: bool = False
    timeout: float = 600.0
    prune_limit: PruneLimit | None = None
    windows: tuple[SyncWindow, ...] = ()
    approval: bool = False
    atomic: bool = False

    def has(self, option: str) -> bool:
        """Whether a sync option such as `PruneFirst=true` is set."""
        return option in self.options


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """Fields that do not count as drift; group and kind are globs, empty name or namespace match all."""

    group: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    json_pointers: tuple[str, ...] = ()
    jq_path_expressions: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suspend:
    """Stop acting; `until` None is until somebody takes it away."""

    until: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Application:
    """The custom resource.

    `problems` are sentences about a spec that cannot be acted on; the other fields then hold defaults where the spec is
    broken. `source_body` is the source as it was written, for the history. `status` is the status stanza as it was
    read, `operation` its operation parsed, `request` the operation that a user asks for.
    """

    key: ApplicationKey
    uid: str
    resource_version: str
    generation: int
    source: Source
    source_body: Body = field(default_factory=dict, hash=False)
    namespace: str = ""
    sync_policy: SyncPolicy = SyncPolicy()
    ignore_differences: tuple[IgnoreRule, ...] = ()
    suspend: Suspend | None = None
    depends_on: tuple[ApplicationKey, ...] = ()
    service_account_name: str = ""
    deletion_policy: str = "MirrorPrune"
    history_limit: int = 10
    deletion_timestamp: str = ""
    finalizers: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    request: OperationRequest | None = None
    operation: Operation | None = None
    status: Body = field(default_factory=dict, hash=False)
    problems: tuple[str, ...] = ()

    @property
    def refresh(self) -> str:
        """What the refresh annotation asks for: "normal", "hard" or "" (nothing)."""
        return self.annotations.get(REFRESH, "")

    @property
    def pending(self) -> OperationRequest | None:
        """What a user asks for and status has not recorded yet, in this generation."""
        request, operation = self.request, self.operation
        if request is None or operation is None:
            return request
        is_taken = (request.digest, self.generation) == (operation.request, operation.request_generation)
        return None if is_taken else request

    @property
    def approved(self) -> str:
        """The digest of the plan that somebody approves, "" of none."""
        return self.annotations.get(APPROVE, "").strip()

    @property
    def is_going(self) -> bool:
        """Whether somebody deleted the Application."""
        return bool(self.deletion_timestamp)

    @property
    def is_automated(self) -> bool:
        """Whether syncs start without being asked."""
        automated = self.sync_policy.automated
        return automated is not None and automated.enabled

    @property
    def cascades(self) -> bool:
        """Whether deleting the Application deletes its objects."""
        if any(finalizer in ARGO_FINALIZERS for finalizer in self.finalizers):
            return True
        if self.deletion_policy == "MirrorPrune":
            automated = self.sync_policy.automated
            return automated is not None and automated.prune
        return self.deletion_policy == "Delete"
