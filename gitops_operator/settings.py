"""Environment and flags → one frozen Settings, read once."""

from __future__ import annotations

import argparse
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PREFIX = "GITOPS_"


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation chooses; times in seconds, sizes in bytes.

    Each field is a flag (`--poll-interval`) and an environment variable (`GITOPS_POLL_INTERVAL`); the flag wins.
    """

    namespace: str = "gitops-operator"
    """The operator's own namespace: its Lease, its shared credentials."""
    application_namespaces: tuple[str, ...] = ()
    """Globs of further namespaces whose Applications are acted upon; the operator's own always is."""
    installation: str = ""
    """Tells several operators over one cluster apart; part of each tracking id."""
    kubeconfig: str = ""
    """A kubeconfig file; empty: the service account of the pod."""
    context: str = ""
    """The context of the kubeconfig; empty: its current one."""
    data_folder: Path = Path("/var/lib/gitops-operator")
    """Mirrors of repositories and cached renders."""
    identity: str = ""
    """The name in the Lease; empty: the host's name and the process id."""
    workers: int = 8
    """How many Applications are looked at side by side."""
    writes_in_flight: int = 32
    """How many writes a cluster gets at once."""
    poll_interval: float = 60.0
    """How often a repository is asked for new commits, give or take 10 %."""
    git_timeout: float = 60.0
    """How long one Git request may take."""
    allow_file_urls: bool = False
    """Whether file:// repositories of the operator's own disk are read."""
    look_interval: float = 180.0
    """How often an Application is looked at when nothing happens, jittered."""
    lease_duration: float = 15.0
    """For how long a leader that fell silent is believed."""
    exclude_kinds: tuple[str, ...] = ()
    """Globs of `group/Kind` that the cache leaves out, besides the built-in ones."""
    ignore_managers: tuple[str, ...] = ()
    """Field managers whose fields never count as drift, for all Applications."""
    http_port: int = 8080
    """Port of /healthz, /readyz and /metrics; 0: any free one."""
    http_host: str = "0.0.0.0"  # noqa: S104 - the kubelet and Prometheus come from outside the pod
    """Address of the same."""
    log_format: str = "json"
    """`json` or `text`."""
    log_level: str = "info"
    """debug, info, warning or error."""

    @property
    def leader_name(self) -> str:
        """The identity to hold the Lease with."""
        return self.identity or f"{socket.gethostname()}_{os.getpid()}"


def read_settings(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Settings of a command line and an environment.

    Raises:
        SystemExit: a flag or a value is wrong; argparse has said which.
    """
    parser = argparse.ArgumentParser(
        prog="gitops-operator run", description="Keep the cluster equal to Git.", allow_abbrev=False
    )
    defaults = Settings()
    for name in Settings.__dataclass_fields__:
        _add_flag(parser, name, getattr(defaults, name), environment.get(_PREFIX + name.upper()))
    return Settings(**vars(parser.parse_args(list(arguments))))


def _add_flag(parser: argparse.ArgumentParser, name: str, default: object, given: str | None) -> None:
    flag, variable = "--" + name.replace("_", "-"), _PREFIX + name.upper()
    described = f"(default {default!s}; environment {variable})" if default else f"(environment {variable})"
    match default:
        case bool():
            on = default if given is None else given.lower() in {"1", "true", "yes"}
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=on, help=described)
        case tuple():
            parser.add_argument(flag, type=_words, default=_words(given) if given else default, help=described)
        case _:
            convert = type(default) if not isinstance(default, Path) else Path
            parser.add_argument(flag, type=convert, default=given or default, help=described)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
