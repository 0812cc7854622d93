import json

from gitops_operator.cluster import request
from gitops_operator.model.kind import Kind

DEPLOYMENT = Kind("apps", "v1", "Deployment", "deployments", namespaced=True)
NAMESPACE = Kind("", "v1", "Namespace", "namespaces", namespaced=False)


def test_an_object_is_found_below_its_group_version_and_namespace() -> None:
    assert request.path_of(DEPLOYMENT, "web", "front") == "/apis/apps/v1/namespaces/web/deployments/front"


def test_the_core_group_has_a_root_of_its_own_and_cluster_scoped_kinds_no_namespace() -> None:
    assert request.path_of(NAMESPACE, "", "web") == "/api/v1/namespaces/web"
    assert request.path_of(NAMESPACE, "ignored", "web") == "/api/v1/namespaces/web"


def test_a_collection_of_all_namespaces_names_none() -> None:
    assert request.path_of(DEPLOYMENT, "") == "/apis/apps/v1/deployments"


def test_a_name_cannot_lead_out_of_its_place() -> None:
    assert request.path_of(DEPLOYMENT, "web", "../../secrets/x?a=b") == (
        "/apis/apps/v1/namespaces/web/deployments/..%2F..%2Fsecrets%2Fx%3Fa%3Db"
    )


def test_an_apply_names_its_manager_is_strict_and_forces_only_when_asked() -> None:
    forced = request.apply(DEPLOYMENT, ("web", "front"), {"a": 1}, {"force": True})
    assert forced.method == "PATCH"
    assert forced.target.endswith("/front?fieldManager=gitops-operator&fieldValidation=Strict&force=true")
    assert forced.content_type == "application/apply-patch+yaml"
    assert json.loads(forced.body) == {"a": 1}
    gentle = request.apply(DEPLOYMENT, ("web", "front"), b"{}", {"force": False, "strict": False, "manager": "me"})
    assert gentle.target.endswith("?fieldManager=me&fieldValidation=Ignore&force=false")


def test_a_dry_run_is_seen_in_the_query_and_by_the_observer() -> None:
    dry = request.apply(DEPLOYMENT, ("web", "front"), b"{}", {"force": True, "dry_run": True})
    assert dry.dry_run
    assert "dryRun=All" in dry.target
    assert not request.get(DEPLOYMENT, "web", "front").dry_run


def test_a_subresource_is_part_of_path_and_resource() -> None:
    patch = request.patch(DEPLOYMENT, ("web", "front"), b"{}", request.MERGE_PATCH, {"subresource": "status"})
    assert patch.path.endswith("/deployments/front/status")
    assert patch.resource == "apps/deployments/status"
    assert patch.verb == "patch"


def test_a_delete_says_what_exactly_is_to_go() -> None:
    asked = request.delete(
        DEPLOYMENT, ("web", "front"), {"uid": "u", "resource_version": "7", "propagation": "Foreground"}
    )
    assert json.loads(asked.body) == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": "Foreground",
        "preconditions": {"uid": "u", "resourceVersion": "7"},
    }
    assert "preconditions" not in json.loads(request.delete(DEPLOYMENT, ("web", "front"), {"uid": ""}).body)


def test_a_json_patch_is_sent_as_the_list_that_it_is() -> None:
    patch = request.patch(DEPLOYMENT, ("w", "f"), [{"op": "test", "path": "/x", "value": 1}], request.JSON_PATCH, {})
    assert json.loads(patch.body) == [{"op": "test", "path": "/x", "value": 1}]


def test_a_page_names_its_limit_and_where_it_goes_on() -> None:
    assert request.list_page(DEPLOYMENT, "", limit=5, token="t=1").target.endswith("?limit=5&continue=t%3D1")
    assert request.list_page(DEPLOYMENT, "").target.endswith("/deployments")
    assert request.list_page(DEPLOYMENT, "", labels="team in (a)").target.endswith("?labelSelector=team+in+%28a%29")
