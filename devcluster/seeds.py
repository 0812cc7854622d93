"""The objects that every cluster has from the start: a node and a default storage class."""

from collections.abc import Mapping, Sequence
from typing import Any

NODE = "devcluster"
STORAGE_CLASS = "devcluster"

SEEDS: Sequence[tuple[str, Mapping[str, Any]]] = (
    (
        "/api/v1/nodes",
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": NODE,
                "labels": {
                    "kubernetes.io/hostname": NODE,
                    "kubernetes.io/os": "linux",
                    "kubernetes.io/arch": "amd64",
                    "node-role.kubernetes.io/worker": "",
                },
            },
            "spec": {"podCIDR": "10.0.0.0/16", "podCIDRs": ["10.0.0.0/16"]},
        },
    ),
    (
        "/apis/storage.k8s.io/v1/storageclasses",
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {
                "name": STORAGE_CLASS,
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            },
            "provisioner": "devcluster/volumes",
            "reclaimPolicy": "Delete",
            "volumeBindingMode": "Immediate",
        },
    ),
)
