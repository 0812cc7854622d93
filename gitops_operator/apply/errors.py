"""A refusal of the API server in words for the author of the manifest."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from gitops_operator.errors import ApplyError, ClusterError
from gitops_operator.model.step import Task

_IMMUTABLE = re.compile(
    r"immutable|updates to \w+ spec for fields other than|may not change|can ?not be changed|only deletion"
)
_CONFLICT = re.compile(r'conflict with "([^"]*)"')
_DUMP = re.compile(r"Invalid value: [{\[].{80,}[}\]]: (?=[^{}\[\]]*$)", re.DOTALL)
_SERVER_NOISE = re.compile(r"^failed to create (?:manager for existing fields|typed patch object) \([^)]*\): ")

_RECREATED = {
    "Deployment": "its Pods are stopped and started anew",
    "StatefulSet": "its Pods are stopped and started anew, its claims stay",
    "DaemonSet": "its Pods are stopped and started anew",
    "Job": "it runs again",
    "Service": "it gets another cluster IP unless Git names one",
    "PersistentVolumeClaim": "the data of its volume may be lost",
    "PersistentVolume": "the claim that is bound to it loses it",
    "CustomResourceDefinition": "every object of its kind is deleted with it, in all namespaces",
    "Pod": "it is stopped and started anew",
}


class _Rule(NamedTuple):
    reason: str
    matches: Callable[[ClusterError], bool]
    advice: str = ""


def _said(text: str) -> Callable[[ClusterError], bool]:
    pattern = re.compile(text)
    return lambda error: pattern.search(error.message) is not None


def _is(status: int, text: str = "") -> Callable[[ClusterError], bool]:
    said = _said(text)
    return lambda error: error.status == status and said(error)


def _has_cause(status: int, reason: str) -> Callable[[ClusterError], bool]:
    return lambda error: error.status == status and any(cause.reason == reason for cause in error.causes)


def _untyped(text: str) -> Callable[[ClusterError], bool]:
    """A 500 without a reason word: the apply itself did not fit the schema."""
    said = _said(text)
    return lambda error: error.status == 500 and not error.api_reason and said(error)


def is_kind_going(error: ClusterError) -> bool:
    """Whether the definition of the kind is being deleted: nothing of it can be created until it is back."""
    return error.status == 405 and "definition is terminating" in error.message


_RULES = (
    _Rule("Unavailable", lambda error: error.status == 0),
    _Rule("FieldConflict", _has_cause(409, "FieldManagerConflict")),
    _Rule("Conflict", _is(409)),
    _Rule("DeniedByPolicy", _said(r"denied (?:the )?request"), "It is tried again slowly: a policy may change."),
    _Rule("NamespaceTerminating", _has_cause(403, "NamespaceTerminating"), "It waits for the namespace to be gone."),
    _Rule("QuotaExceeded", _is(403, "exceeded quota"), "It is tried again slowly: quota may become free."),
    _Rule("Forbidden", _is(403, r"cannot (?:patch|create) resource"), "An apply needs the verbs patch and create."),
    _Rule(
        "Forbidden",
        _is(403, "cannot impersonate"),
        "The operator may not act as this service account: see impersonation.serviceAccounts of its chart.",
    ),
    _Rule("Forbidden", _is(403, "attempting to grant"), "Nobody can give rights that he does not have himself."),
    _Rule("Forbidden", _is(403)),
    _Rule("NamespaceMissing", _is(404, r'namespaces "[^"]*" not found'), "It waits for the namespace."),
    _Rule("KindMissing", lambda error: error.status == 404 and not error.api_reason, "It waits for the kind."),
    _Rule("NotFound", _is(404)),
    _Rule("Immutable", lambda error: error.status == 422 and _is_immutable(error)),
    _Rule("Invalid", _is(422)),
    _Rule("TooLarge", _said("[Rr]equest is too large|ResourceExhausted"), "Make it smaller or split it."),
    _Rule("TooLarge", _is(413), "Make it smaller or split it."),
    _Rule(
        "DuplicateItems",
        _untyped("duplicate entries for key"),
        "Give each item of the list another key, or set the sync option Replace=true.",
    ),
    _Rule("MissingKey", _untyped("omits all key fields|key .* is missing"), "Name the item's key."),
    _Rule("UnknownField", _untyped("field not declared in schema"), "Take it out or mend its name."),
    _Rule("UnknownField", _is(400, "unknown field"), "Take it out or mend its name."),
    _Rule("WrongType", _untyped("failed to create typed patch object|failed to convert new object")),
    _Rule("WebhookFailed", _is(500, "failed calling webhook")),
    _Rule("BadRequest", _is(400)),
    _Rule("Unauthorized", _is(401)),
    _Rule("KindTerminating", is_kind_going, "It waits for the kind to be gone and to come back."),
    _Rule("NotSupported", lambda error: error.status in {405, 415}),
    _Rule("TooManyRequests", _is(429)),
    _Rule("ServerError", lambda error: error.status >= 500),
)

_UNHEARD_OF = _Rule("Refused", lambda _: True)

_TRANSIENT = frozenset(
    {
        "Unavailable",
        "Conflict",
        "DeniedByPolicy",
        "NamespaceTerminating",
        "QuotaExceeded",
        "NamespaceMissing",
        "KindMissing",
        "KindTerminating",
        "NotFound",
        "WebhookFailed",
        "Unauthorized",
        "TooManyRequests",
        "ServerError",
    }
)
"""What the same write may succeed after: later, or when something else is there or gone."""


def classify(error: ClusterError, task: Task) -> ApplyError:
    """What a refusal of a task is: its reason word, whether trying again may help, and what the author should do."""
    rule = next((rule for rule in _RULES if rule.matches(error)), _UNHEARD_OF)
    advice = _ADVICE[rule.reason](error, task) if rule.reason in _ADVICE else rule.advice
    said = _SERVER_NOISE.sub("", _without_dumps(error)).strip().rstrip(".")
    sentence = f"{task.desired or task.key}: {said}."
    return ApplyError(f"{sentence} {advice}".strip(), reason=rule.reason, transient=rule.reason in _TRANSIENT)


def _without_dumps(error: ClusterError) -> str:
    """What the server said, less the values that it writes out whole: a pod template is 3 KB of Go's notation."""
    said = error.message
    for cause in error.causes:
        if dump := _DUMP.match(cause.message):
            said = said.replace(dump[0], "Invalid value: ")
    return said


def _is_immutable(error: ClusterError) -> bool:
    return any(_IMMUTABLE.search(cause.message) for cause in error.causes) or bool(_IMMUTABLE.search(error.message))


def _conflict_advice(error: ClusterError, _task: Task) -> str:
    causes = [cause for cause in error.causes if cause.reason == "FieldManagerConflict"]
    named = [(found[1], cause.field) for cause in causes if (found := _CONFLICT.search(cause.message))]
    fields = ", ".join(f"{field} (of {manager})" for manager, field in named)
    return (
        f"ForceConflicts=false leaves {fields or 'fields of others'} alone: take them out of Git or let them be forced."
    )


def _immutable_advice(error: ClusterError, task: Task) -> str:
    fields = ", ".join(sorted({cause.field for cause in error.causes if cause.field}))
    consequence = _RECREATED.get(task.key.kind, "it is gone for a moment")
    changed = f"{fields} cannot be changed in place" if fields else "This cannot be changed in place"
    return f"{changed}. The sync option Force=true deletes the object and creates it anew: {consequence}."


_ADVICE: dict[str, Callable[[ClusterError, Task], str]] = {
    "FieldConflict": _conflict_advice,
    "Immutable": _immutable_advice,
}
