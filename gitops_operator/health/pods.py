"""Pods: Argo CD's rules, and init containers too. Sentences do not move with each restart of a crash loop.

Kubernetes' own words do: "back-off 40s restarting failed container" names a growing time, and a missing image is
ErrImagePull and ImagePullBackOff in turn. So a container's trouble has one sentence for all the states of its loop.
"""

from __future__ import annotations

from gitops_operator.health.view import View, degraded, explain, healthy, is_true, progressing, unknown
from gitops_operator.model.health import Health
from gitops_operator.model.hooks import HOOK_ANNOTATIONS
from gitops_operator.model.resource import ARGO_PREFIX, PREFIX

_IGNORE_RESTART_POLICY = (PREFIX + "ignore-restart-policy", ARGO_PREFIX + "ignore-restart-policy")
_IMAGE_REASONS = frozenset({"ErrImagePull", "ImagePullBackOff"})


def pod(view: View) -> Health:
    """Containers in trouble first, where the pod is to run for ever; then the phase."""
    return _trouble(view) or _PHASES.get(view.text("status.phase"), _unknown_phase)(view)


def _trouble(view: View) -> Health | None:
    """Containers that cannot start, and init containers that crash.

    Not for pods of finite life: as hooks they would fail for an image that is there a minute later, and then still run.
    """
    if not _restarts_always(view) and not _ignores_restart_policy(view):
        return None
    crashing = [_crash(container) for container in _init_containers(view) if not container.flag("ready")]
    waiting = [_waiting_trouble(container) for container in _init_containers(view) + _containers(view)]
    messages = dict.fromkeys(message for message in waiting + crashing if message)
    return degraded("; ".join(messages)) if messages else None


def _restarts_always(view: View) -> bool:
    return view.text("spec.restartPolicy") in {"", "Always"}


def _ignores_restart_policy(view: View) -> bool:
    """Argo CD's annotation for pods of finite life that are no hooks."""
    asked = any(view.annotation(name) == "true" for name in _IGNORE_RESTART_POLICY)
    return asked and not any(view.annotation(name) for name in HOOK_ANNOTATIONS)


def _init_containers(view: View) -> list[View]:
    return view.views("status.initContainerStatuses")


def _containers(view: View) -> list[View]:
    return view.views("status.containerStatuses")


def _waiting_trouble(container: View) -> str:
    """Why the container cannot start, "" when it can."""
    reason = container.text("state.waiting.reason")
    if not reason.startswith("Err") and not reason.endswith(("Error", "BackOff")):
        return ""
    name = container.text("name")
    if reason in _IMAGE_REASONS:
        return f'Container "{name}" cannot pull its image "{container.text("image")}"'
    if reason == "CrashLoopBackOff":
        return _restart(container)
    return f'Container "{name}" cannot start: {container.text("state.waiting.message") or reason}'


def _crash(container: View) -> str:
    """The failure before the container's restart, "" when it was not restarted or had ended well."""
    return _restart(container) if _ending(container, "lastState.terminated") else ""


def _restart(container: View) -> str:
    ending = _ending(container, "lastState.terminated") or "ended"
    return f'Container "{container.text("name")}" restarts because it {ending}'


def _ending(container: View, state: str) -> str:
    if container.text(f"{state}.reason") == "OOMKilled":
        return "was OOMKilled"
    code = container.number(f"{state}.exitCode")
    return f"ended with exit code {code}" if code else ""


def _pending(view: View) -> Health:
    scheduled = view.conditions().get("PodScheduled")
    if scheduled is not None and scheduled.status == "False":
        return progressing(f"Waiting for a node: {explain(scheduled)}")
    return progressing(view.text("status.message") or "Waiting for containers to start")


def _succeeded(view: View) -> Health:
    return healthy(view.text("status.message"))


def _failed(view: View) -> Health:
    """The pod's own message (an eviction's, say), else that of the first container that failed."""
    message = view.text("status.message")
    endings = [_failure(container) for container in _init_containers(view) + _containers(view)]
    return degraded(message or next(filter(None, endings), "") or view.text("status.reason") or "Pod has failed")


def _failure(container: View) -> str:
    message = container.text("state.terminated.message")
    ending = _ending(container, "state.terminated")
    return message or (ending and f'Container "{container.text("name")}" {ending}')


def _running(view: View) -> Health:
    """Ready is healthy; a pod of finite life is healthy only at its end (they are hooks, mostly)."""
    if not _restarts_always(view):
        return progressing("Waiting for the Pod to complete")
    if is_true(view.conditions().get("Ready")):
        return healthy(view.text("status.message"))
    restarted = [container for container in _containers(view) if container.mapping("lastState.terminated")]
    if restarted:
        return degraded(_restart(min(restarted, key=lambda container: container.flag("ready"))))
    return progressing(f"Waiting for the Pod to be ready: {_unready(view)}")


def _unready(view: View) -> str:
    """The containers that are not ready; when all are, what else the Pod waits for (a readiness gate)."""
    names = [container.text("name") for container in _containers(view) if not container.flag("ready")]
    ready = view.conditions().get("Ready")
    return ", ".join(names) or (explain(ready) if ready is not None else "no container has reported")


def _not_observed(_view: View) -> Health:
    return progressing("Waiting for the Pod to be observed")


def _unknown_phase(view: View) -> Health:
    phase = view.text("status.phase")
    return unknown(view.text("status.message") or f"Pod is in phase {phase}")


_PHASES = {
    "": _not_observed,
    "Pending": _pending,
    "Running": _running,
    "Succeeded": _succeeded,
    "Failed": _failed,
}
