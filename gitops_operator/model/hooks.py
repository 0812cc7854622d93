"""Hooks: objects that run at a moment of a sync instead of being kept; read from annotations, named for one run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from gitops_operator.model.operation import Operation, Phase
from gitops_operator.model.resource import ARGO_PREFIX, HOOK_RUN, PREFIX, Resource

HOOK = PREFIX + "hook"
_HELM_HOOK = "helm.sh/hook"
_OURS = (HOOK, ARGO_PREFIX + "hook")
_SKIP = "Skip"
_PHASES = {
    "PreSync": Phase.PRE_SYNC,
    "Sync": Phase.SYNC,
    "PostSync": Phase.POST_SYNC,
    "SyncFail": Phase.SYNC_FAIL,
    "PreDelete": Phase.PRE_DELETE,
    "PostDelete": Phase.POST_DELETE,
}
# Upgrades and installations are both syncs; tests and rollbacks are none.
_HELM_PHASES = {
    "pre-install": Phase.PRE_SYNC,
    "pre-upgrade": Phase.PRE_SYNC,
    "post-install": Phase.POST_SYNC,
    "post-upgrade": Phase.POST_SYNC,
    "pre-delete": Phase.PRE_DELETE,
    "post-delete": Phase.POST_DELETE,
}
_HELM_LEFT_OUT = frozenset({"test", "test-success", "test-failure", "pre-rollback", "post-rollback"})
_HELM_CRD = "crd-install"  # of Helm 2: an ordinary object, which the order of kinds puts first
OF_DELETION = frozenset({Phase.PRE_DELETE, Phase.POST_DELETE})
OF_SYNC = frozenset(Phase) - OF_DELETION
SKIP_DELETE_HOOKS = PREFIX + "skip-delete-hooks"


class DeletePolicy(StrEnum):
    """When a hook's object is deleted."""

    SUCCEEDED = "HookSucceeded"
    FAILED = "HookFailed"
    BEFORE_CREATION = "BeforeHookCreation"


_POLICY_ANNOTATIONS = {
    PREFIX + "hook-delete-policy": {policy.value: policy for policy in DeletePolicy},
    ARGO_PREFIX + "hook-delete-policy": {policy.value: policy for policy in DeletePolicy},
    "helm.sh/hook-delete-policy": {
        "hook-succeeded": DeletePolicy.SUCCEEDED,
        "hook-failed": DeletePolicy.FAILED,
        "before-hook-creation": DeletePolicy.BEFORE_CREATION,
    },
}
DEFAULT_POLICIES = frozenset({DeletePolicy.BEFORE_CREATION})
HOOK_ANNOTATIONS = (*_OURS, _HELM_HOOK)


class Hook(NamedTuple):
    """The phases that an object runs in, none where it is never applied, and when it is deleted."""

    phases: frozenset[Phase]
    policies: frozenset[DeletePolicy] = DEFAULT_POLICIES


class BadHookError(ValueError):
    """Words of a hook annotation that mean nothing; `annotation` is where they stand."""

    def __init__(self, annotation: str, message: str) -> None:
        super().__init__(message)
        self.annotation = annotation


def hook_of(annotations: Mapping[str, str]) -> Hook | None:
    """What the annotations of an object make of it; None for an object that is kept as Git has it.

    Our own annotation beats Argo CD's, and that beats Helm's.

    Raises:
        BadHookError: an unknown word, or words that contradict each other.
    """
    name, words = _first(annotations, (*_OURS, _HELM_HOOK))
    if not words or words == {_HELM_CRD}:
        return None
    phases = _helm_phases(words) if name == _HELM_HOOK else _phases(name, words)
    return Hook(phases, policies_of(annotations))


def phases_of(hook: Resource) -> frozenset[Phase]:
    """The phases that a hook as Git has it runs in."""
    found = hook_of(hook.body["metadata"].get("annotations") or {})
    return found.phases if found is not None else frozenset()


def hooks_in(hooks: Iterable[Resource], phases: frozenset[Phase]) -> tuple[Resource, ...]:
    """Those that run in one of these phases."""
    return tuple(hook for hook in hooks if phases_of(hook) & phases)


def policies_of(annotations: Mapping[str, str]) -> frozenset[DeletePolicy]:
    """When a hook's object is deleted; before its next creation where no annotation says.

    Raises:
        BadHookError: an unknown word.
    """
    name, words = _first(annotations, _POLICY_ANNOTATIONS)
    if not words:
        return DEFAULT_POLICIES
    known = _POLICY_ANNOTATIONS[name]
    _refuse_unknown(name, words, known)
    return frozenset(known[word] for word in words)


def _first(annotations: Mapping[str, str], names: Iterable[str]) -> tuple[str, frozenset[str]]:
    """The first annotation that says something, and its words."""
    for name in names:
        words = frozenset(word.strip() for word in annotations.get(name, "").split(",") if word.strip())
        if words:
            return name, words
    return "", frozenset()


def _phases(name: str, words: frozenset[str]) -> frozenset[Phase]:
    _refuse_unknown(name, words, {*_PHASES, _SKIP})
    if _SKIP in words and len(words) > 1:
        others = ", ".join(sorted(words - {_SKIP}))
        raise BadHookError(name, f"annotation {name}: Skip means never, and {others} says when; keep one of them")
    return frozenset(_PHASES[word] for word in words if word != _SKIP)


def _helm_phases(words: frozenset[str]) -> frozenset[Phase]:
    _refuse_unknown(_HELM_HOOK, words, {*_HELM_PHASES, *_HELM_LEFT_OUT, _HELM_CRD})
    return frozenset(_HELM_PHASES[word] for word in words if word in _HELM_PHASES)


def _refuse_unknown(name: str, words: frozenset[str], known: Iterable[str]) -> None:
    unknown = ", ".join(map(repr, sorted(words - set(known))))
    if unknown:
        raise BadHookError(name, f"annotation {name}: {unknown} means nothing; known are {', '.join(sorted(known))}")


class Run(NamedTuple):
    """Which run a hook's object belongs to: an operation, and its phase (a hook may have several)."""

    operation: str
    phase: str

    def __str__(self) -> str:
        return f"{self.operation}/{self.phase}"


def run_of(annotations: Mapping[str, str]) -> Run | None:
    """The run that a live object was made for; None where it is no hook's."""
    operation, slash, phase = annotations.get(HOOK_RUN, "").partition("/")
    return Run(operation, phase) if slash else None


def for_run(hook: Resource, operation: Operation, phase: Phase) -> Resource:
    """The hook as it is applied in one phase of one operation: it carries the run, and has a name.

    `generateName` becomes `<prefix><revision, 7 letters>-<phase>-<operation>` (as Argo CD names them, with the
    operation where that has a time), so that the same run never makes a second object.
    """
    whole = hook.body
    metadata = {name: value for name, value in whole["metadata"].items() if name != "generateName"}
    name = metadata.get("name") or f"{hook.key.name}{operation.revisions[0][:7]}-{phase.lower()}-{operation.id}"
    annotations = {**(metadata.get("annotations") or {}), HOOK_RUN: str(Run(operation.id, phase))}
    body = {**whole, "metadata": {**metadata, "name": name, "annotations": annotations}}
    return replace(hook, key=hook.key._replace(name=name), content=body)


def is_generated(hook: Resource) -> bool:
    """Whether the hook's name is made anew for each run."""
    return not hook.body["metadata"].get("name")
