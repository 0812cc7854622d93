"""How well live objects do: one live object → a Health, many → the health of the Application."""

from gitops_operator.health.aggregate import counts, worst
from gitops_operator.health.custom import Assessor, BrokenRule, CustomRules, Rule
from gitops_operator.health.facts import NO_FACTS, Facts, facts_of
from gitops_operator.health.rules import assess, assess_beside

__all__ = [
    "NO_FACTS",
    "Assessor",
    "BrokenRule",
    "CustomRules",
    "Facts",
    "Rule",
    "assess",
    "assess_beside",
    "counts",
    "facts_of",
    "worst",
]
