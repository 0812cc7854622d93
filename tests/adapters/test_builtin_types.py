"""What we know of the API server's own kinds is what it says of them itself."""

import json
from typing import Any

import pytest

from devcluster.cluster import DevCluster
from gitops_operator.diff.builtin import CLUSTER_SCOPED, TYPES
from tests.adapters.openapi_types import cluster_scoped, table

pytestmark = pytest.mark.cluster


def asking(devcluster: DevCluster) -> Any:
    def get(path: str) -> Any:
        return json.loads(devcluster.kubectl("get", "--raw", path))

    return get


def test_the_table_of_types_is_what_the_server_says(devcluster: DevCluster) -> None:
    assert table(asking(devcluster)).splitlines() == TYPES.splitlines()


def test_the_kinds_without_a_namespace_are_those_of_the_server(devcluster: DevCluster) -> None:
    assert cluster_scoped(asking(devcluster)) == CLUSTER_SCOPED
