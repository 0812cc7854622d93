"""The metrics of the operator as a scrape shows them."""

from gitops_operator.metrics import Metrics

SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",), "gauge": ("",)}


def _collectors() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Type and labels of each of ours, by name without suffix."""
    ours = [value for value in vars(Metrics()).values() if hasattr(value, "_labelnames")]
    found = {one._name: (one._type, tuple(one._labelnames)) for one in ours}
    process = {family.name: (family.type, ()) for family in Metrics().registry.collect() if family.name not in found}
    return {**found, **process}


def documented_names() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Type and labels by the name that people know: that of a counter ends with _total."""
    return {
        name + ("_total" if kind == "counter" else ""): (kind, labels) for name, (kind, labels) in _collectors().items()
    }


def series() -> dict[str, frozenset[str]]:
    """The labels of each series that can be asked for."""
    return {
        name + suffix: frozenset(labels) | ({"le"} if suffix == "_bucket" else set())
        for name, (kind, labels) in _collectors().items()
        for suffix in SUFFIXES[kind]
    }
