"""In whose name an Application writes: its service account's, or the operator's own."""

from __future__ import annotations

from gitops_operator.model.application import Application
from gitops_operator.model.resource import GroupKind, ResourceKey

SERVICE_ACCOUNT = GroupKind("", "ServiceAccount")


def account_of(application: Application) -> ResourceKey | None:
    """The service account, of the Application's own namespace; None where it writes with the operator's rights."""
    name = application.service_account_name
    return ResourceKey(*SERVICE_ACCOUNT, application.key.namespace, name) if name else None


def user_of(application: Application) -> str:
    """The same, as the API server calls it; "" is the operator itself."""
    account = account_of(application)
    return f"system:serviceaccount:{account.namespace}:{account.name}" if account else ""
