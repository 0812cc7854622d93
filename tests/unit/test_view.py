"""What a pass hands to those that decide."""

from gitops_operator.diff import Context
from gitops_operator.model.live import Snapshot
from gitops_operator.model.revision import Revision
from gitops_operator.model.tracking import Tracker
from gitops_operator.plan import Hints
from gitops_operator.view import Chance, Desired, View
from tests.unit.plan.situations import APP, NOW, SHA, application, key, live


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
