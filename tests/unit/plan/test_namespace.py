"""CreateNamespace=true."""

from typing import Any

from gitops_operator.model.application import ApplicationKey, NamespaceMetadata
from gitops_operator.model.change import Action, Change, Why
from gitops_operator.model.live import ForeignOwner, LiveObject
from gitops_operator.model.resource import DESIRED_DIGEST, Resource, ResourceKey
from gitops_operator.model.tracking import Tracker
from gitops_operator.plan import namespace_change, namespace_resource
from tests.unit.diff.objects import Stored
from tests.unit.plan.situations import APP, application, live

ITS = ResourceKey("", "Namespace", "", "web")
WANTED = NamespaceMetadata({"team": "a"}, {"note": "b"})


def wanted(metadata: NamespaceMetadata | None = None) -> Resource:
    found = namespace_resource(application(options=frozenset({"CreateNamespace=true"}), namespace_metadata=metadata))
    assert found is not None
    return found


def stands(body: Any = None, **more: Any) -> LiveObject:
    metadata = (body or {}).get("metadata", {})
    given = {"tracking": None, "annotations": metadata.get("annotations", {}), **more}
    return live(ITS, body=Stored({"metadata": metadata}), **given)


def change(metadata: NamespaceMetadata | None, there: LiveObject | None) -> Change:
    found = namespace_change(wanted(metadata), there)
    assert found is not None
    return found


def test_no_wish_no_namespace() -> None:
    assert namespace_resource(application()) is None
    assert namespace_resource(application(options=frozenset({"CreateNamespace=false"}))) is None


def test_without_a_destination_there_is_nothing_to_create() -> None:
    assert namespace_resource(application(options=frozenset({"CreateNamespace=true"}), namespace="")) is None


def test_a_missing_namespace_is_created_with_its_metadata() -> None:
    found = change(WANTED, None)
    assert (found.action, found.why) == (Action.CREATE, Why.MISSING)
    assert found.body is not None
    assert found.body["metadata"]["labels"]["team"] == "a"
    assert found.body["metadata"]["annotations"]["note"] == "b"


def test_it_is_never_tracked() -> None:
    assert wanted(WANTED).tracking_id == ""


def test_one_that_is_there_is_left_alone() -> None:
    assert namespace_change(wanted(), stands()) is None


def test_its_metadata_is_kept() -> None:
    sent = change(WANTED, None).body
    assert namespace_change(wanted(WANTED), stands(sent)) is None
    assert sent is not None
    relabelled = {"metadata": {**sent["metadata"], "labels": {**sent["metadata"]["labels"], "team": "z"}}}
    assert change(WANTED, stands(relabelled)).action is Action.UPDATE


def test_metadata_that_is_removed_is_noticed() -> None:
    before = change(WANTED, None).body
    found = change(NamespaceMetadata({"team": "a"}), stands(before))
    assert found.action is Action.UPDATE
    assert found.body is not None
    assert DESIRED_DIGEST in found.body["metadata"]["annotations"]


def test_labels_of_others_stay_out_of_it() -> None:
    sent = change(WANTED, None).body
    assert sent is not None
    more = {"metadata": {**sent["metadata"], "labels": {**sent["metadata"]["labels"], "theirs": "x"}}}
    assert namespace_change(wanted(WANTED), stands(more)) is None


def test_one_that_is_being_deleted_is_waited_for() -> None:
    found = change(None, stands(deletion_timestamp="2027-01-31T08:00:00Z"))
    assert (found.action, found.why) == (Action.NONE, Why.GOING)


def conflict(there: LiveObject) -> str:
    found = change(WANTED, there)
    assert (found.action, found.why) == (Action.NONE, Why.CONFLICT)
    return found.message


def test_two_applications_do_not_keep_the_metadata_of_one_namespace() -> None:
    theirs = stands(annotations={"gitops-operator.io/managed-namespace-of": "apps/blog"})
    assert conflict(theirs).startswith("Namespace web has its metadata from Application apps/blog:")


def test_the_metadata_of_a_namespace_that_another_application_has_in_git_is_theirs() -> None:
    theirs = stands(tracking=Tracker("", "apps", "blog"))
    assert "from Application apps/blog, which tracks it:" in conflict(theirs)


def test_the_metadata_of_a_namespace_of_another_tool_is_theirs() -> None:
    assert "from Argo CD (guestbook):" in conflict(stands(foreign_owner=ForeignOwner("Argo CD", "guestbook")))


def test_one_that_the_application_itself_had_in_git_becomes_untracked() -> None:
    ours = stands(tracking=Tracker("", *APP))
    assert change(WANTED, ours).action is Action.UPDATE
    assert ApplicationKey("apps", "web") == APP
