"""What a comparison needs to know beside the objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gitops_operator.diff.ignore import NO_RULES, IgnoreRules
from gitops_operator.model.application import ApplicationKey
from gitops_operator.model.kind import Catalogue
from gitops_operator.model.resource import ResourceKey
from gitops_operator.model.tracking import Tracker


@dataclass(frozen=True, slots=True)
class Context:
    """Whose objects are compared, and by which rules.

    `is_gone` says of an Application that it certainly does not exist any more: what it left belongs to nobody.
    `options` are the Application's sync options; `at_admission` holds the (key, desired digest, H) for which an apply
    changed nothing, so that another one would not either.
    """

    application: ApplicationKey
    installation: str = ""
    rules: IgnoreRules = NO_RULES
    catalogue: Catalogue = Catalogue()
    options: frozenset[str] = frozenset()
    at_admission: frozenset[tuple[ResourceKey, str, str]] = frozenset()
    is_gone: Callable[[ApplicationKey], bool] = lambda _: False

    @property
    def tracker(self) -> Tracker:
        """What our tracking ids say."""
        return Tracker(self.installation, *self.application)

    @property
    def migrates(self) -> bool:
        """Whether the fields of other tools are taken over."""
        return "ClientSideApplyMigration=false" not in self.options
