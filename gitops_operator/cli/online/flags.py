"""The arguments that commands with a cluster have in common, named as kubectl names them."""

from __future__ import annotations

from gitops_operator.cli.command import Argument, Completes

NAMESPACE = Argument(
    ("-n", "--namespace"),
    "the Application's namespace (default: that of the current context)",
    {"metavar": "NAMESPACE", "default": ""},
    Completes.NAMESPACE,
)
ALL_NAMESPACES = Argument(
    ("-A", "--all-namespaces"), "look in all namespaces", {"action": "store_true", "default": False}
)
CONTEXT = Argument(
    ("--context",),
    "the context of the kubeconfig (default: its current one)",
    {"metavar": "NAME", "default": ""},
    Completes.CONTEXT,
)
KUBECONFIG = Argument(
    ("--kubeconfig",),
    "the kubeconfig file (default: those that KUBECONFIG names, else ~/.kube/config)",
    {"metavar": "FILE", "default": ""},
    Completes.FILE,
)
SELECTOR = Argument(
    ("-l", "--selector"),
    "only Applications with these labels, such as team=web,tier!=test",
    {"metavar": "LABELS", "default": ""},
)
APPLICATION = Argument(
    ("applications",), "the Application: NAME or NAMESPACE/NAME", {"metavar": "APP", "nargs": 1}, Completes.APPLICATION
)
APPLICATIONS = Argument(
    ("applications",),
    "Applications: NAME or NAMESPACE/NAME",
    {"metavar": "APP", "nargs": "*"},
    Completes.APPLICATION,
)
OPERATOR_NAMESPACE = Argument(
    ("--operator-namespace",),
    "where the operator runs, and its credentials are (default: $GITOPS_NAMESPACE, else gitops-operator)",
    {"metavar": "NAMESPACE", "default": ""},
    Completes.NAMESPACE,
)
ASYNC = Argument(("--async",), "ask, and do not wait for the end", {"action": "store_true", "dest": "asynchronous"})
ONE = (APPLICATION, NAMESPACE, ALL_NAMESPACES, CONTEXT, KUBECONFIG)
SEVERAL = (APPLICATIONS, NAMESPACE, ALL_NAMESPACES, SELECTOR, CONTEXT, KUBECONFIG)


def timeout(default: str, help: str) -> Argument:  # noqa: A002 - argparse's own word
    """`--timeout`, as kubectl writes durations."""
    return Argument(
        ("--timeout",),
        f"{help} (default: {default}; 0: as long as it takes)",
        {"metavar": "DURATION", "default": default},
    )
