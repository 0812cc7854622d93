"""What happened → the status stanza, and what people are told by Events."""

from gitops_operator.status.conditions import ready_reason
from gitops_operator.status.events import Event, deletion_events, events_of
from gitops_operator.status.observation import Observation, SyncStatus
from gitops_operator.status.report import is_urgent, report

__all__ = ["Event", "Observation", "SyncStatus", "deletion_events", "events_of", "is_urgent", "ready_reason", "report"]
