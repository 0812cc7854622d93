"""What people and machines ask the process over HTTP: probes and metrics."""

from gitops_operator.web.server import Probe, WebServer

__all__ = ["Probe", "WebServer"]
