"""What people and machines ask the process over HTTP: probes, metrics, and webhooks at a door of their own."""

from gitops_operator.web.server import Probe, WebServer

__all__ = ["Probe", "WebServer"]
