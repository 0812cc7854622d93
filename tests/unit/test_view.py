"""What a pass hands to those that decide."""

from gitops_operator.diff import Context
from gitops_operator.model.change import Why
from gitops_operator.model.health import Health, HealthStatus
from gitops_operator.model.live import Snapshot
from gitops_operator.model.revision import Revision
from gitops_operator.model.tracking import Tracker
from gitops_operator.plan import Hints
from gitops_operator.view import Chance, Desired, View, healths_of
from tests.unit.plan.situations import APP, NOW, SHA, application, closed, key, live, missing


def test_only_the_applications_own_objects_count_for_the_prune_limit() -> None:
    ours, theirs, nobodys = (key("ConfigMap", name) for name in ("ours", "theirs", "nobodys"))
    objects = {
        ours: live(ours),
        theirs: live(theirs, tracking=Tracker("", "apps", "blog")),
        nobodys: live(nobodys, tracking=None),
    }
    view = View(
        application(), Desired(Revision(SHA), "i1", ()), "i1", Snapshot(1, objects), (), {}, Context(application=APP)
    )
    assert view.situation(NOW, Hints(), Chance(0.0, "op")).tracked == 1


def test_an_object_whose_kind_cannot_be_listed_is_unknown_and_not_missing() -> None:
    hidden, lacking = closed(Why.KIND_NOT_READY, "It cannot be listed.", name="hidden"), missing(name="lacking")
    assert healths_of([hidden, lacking], lambda _: ()) == {
        hidden.key: Health(HealthStatus.UNKNOWN, "It cannot be listed."),
        lacking.key: Health(HealthStatus.MISSING),
    }
