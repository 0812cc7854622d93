"""What kubernetes-asyncio knows of kubeconfigs and service accounts, without its models of every kind.

The package imports all of itself, which costs half a second and 50 MB: more than a command takes to answer. What reads
configuration needs three of its modules. They are loaded here under packages whose own code has not run, and these
packages are forgotten again: whoever imports kubernetes_asyncio gets the whole of it.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

_ROOT = "kubernetes_asyncio"


def _without_its_code(name: str) -> ModuleType:
    """A package, as far as its modules can be found below it."""
    spec = find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    sys.modules[name] = package = module_from_spec(spec)
    return package


def _load() -> tuple[ModuleType, ModuleType, Any]:
    before = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == _ROOT}
    try:
        _without_its_code(_ROOT)
        client: Any = _without_its_code(f"{_ROOT}.client")
        _without_its_code(f"{_ROOT}.config")
        # The order is the point: each needs what stands before it.
        from kubernetes_asyncio.client import configuration  # noqa: PLC0415 - see above

        client.Configuration = configuration.Configuration
        client.ApiClient = None  # named by functions that are not called here
        from kubernetes_asyncio.config import incluster_config, kube_config  # noqa: PLC0415 - see above

        return kube_config, incluster_config, client.Configuration
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == _ROOT]:
            del sys.modules[name]
        sys.modules.update(before)


_kubeconfig, incluster_config, Configuration = _load()
KubeConfigMerger: Any = _kubeconfig.KubeConfigMerger
load_kube_config: Any = _kubeconfig.load_kube_config
load_incluster_config: Any = incluster_config.load_incluster_config
ConfigException: type[Exception] = _kubeconfig.ConfigException
