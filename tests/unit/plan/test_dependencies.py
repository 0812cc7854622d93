"""When a dependency is Ready, and what is said while it is not."""

from typing import Any

import pytest

from gitops_operator.model.application import Application
from gitops_operator.plan.dependencies import Dependency, waits_for
from tests.unit.plan.situations import APP, application


def said(**more: Any) -> Application:
    """An Application in generation 3. More: `ready`, `reason`, `observed`, and any field."""
    ready = {"type": "Ready", "status": more.pop("ready", "True"), "reason": more.pop("reason", "Ready")}
    return application(status={"observedGeneration": more.pop("observed", 3), "conditions": [ready]}, **more)


@pytest.mark.parametrize(
    "found, is_current, words",
    [
        (said(), True, ""),
        (said(), False, "which has not been compared with its newest commit yet."),
        (None, True, "which does not exist."),
        (said(deletion_timestamp="2027-01-31T08:00:00Z"), True, "which is being deleted."),
        (said(observed=2), True, "which has not been looked at in its newest form."),
        (application(), True, "which has not been looked at in its newest form."),
        (said(ready="False", reason="SyncFailed"), True, "which is not Ready (SyncFailed)."),
        (said(ready="Unknown", reason="SourceFailed"), False, "which is not Ready (SourceFailed)."),
    ],
)
def test_a_dependency_is_ready_for_the_newest_that_is_known(
    found: Application | None, is_current: bool, words: str
) -> None:
    expected = f"It depends on Application {APP}, {words}" if words else ""
    assert waits_for([Dependency(APP, found, is_current)]) == expected


def test_all_that_is_waited_for_is_named() -> None:
    two = [Dependency(APP._replace(name=name), None, is_current=True) for name in ("a", "b")]
    assert waits_for(two).count("\n") == 1
