"""Environment and flags → one frozen Settings, read once."""

from __future__ import annotations

import argparse
import math
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

_PREFIX = "GITOPS_"
_ON, _OFF = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})
_LEVELS, _FORMATS = ("debug", "info", "warning", "error"), ("json", "text")


def _setting(default: Any, says: str, **limits: Any) -> Any:
    """A field with its meaning; limits: `at_least` of a number, `choices` of a word."""
    return field(default=default, metadata={"says": says, **limits})


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation chooses; times in seconds.

    Each field is a flag (`--poll-interval`) and an environment variable (`GITOPS_POLL_INTERVAL`); the flag wins.
    """

    namespace: str = _setting("gitops-operator", "The operator's own namespace: its Lease, its shared credentials.")
    application_namespaces: tuple[str, ...] = _setting(
        (), "Globs of further namespaces whose Applications are acted upon; the operator's own always is."
    )
    default_service_account: str = _setting(
        "",
        "The service account in whose name Applications of further namespaces write that name none; empty: they must.",
    )
    prune_without_account: bool = _setting(
        default=False,
        says="Whether an Application whose service account is gone is deleted with the operator's own rights.",
    )
    installation: str = _setting("", "Tells several operators over one cluster apart; part of each tracking id.")
    kubeconfig: str = _setting("", "A kubeconfig file; empty: the service account of the pod.")
    context: str = _setting("", "The context of the kubeconfig; empty: its current one.")
    data_folder: Path = _setting(Path("/var/lib/gitops-operator"), "Mirrors of repositories and cached renders.")
    identity: str = _setting("", "The name in the Lease; empty: the host's name and the process id.")
    workers: int = _setting(8, "How many Applications are looked at side by side.", at_least=1)
    writes_in_flight: int = _setting(32, "How many writes a cluster gets at once.", at_least=1)
    poll_interval: float = _setting(
        60.0, "How often a repository is asked for new commits, give or take 10 %.", at_least=1
    )
    git_timeout: float = _setting(60.0, "How long one Git request may take.", at_least=1)
    allow_file_urls: bool = _setting(
        default=False, says="Whether file:// repositories of the operator's own disk are read."
    )
    kustomize_program: str = _setting("kustomize", "The program that builds kustomizations: a name on PATH, or a path.")
    render_timeout: float = _setting(90.0, "How long a program that renders may take.", at_least=1)
    render_memory: int = _setting(256, "How much memory a program that renders may take, in MiB.", at_least=64)
    renders_at_once: int = _setting(2, "How many programs that render run side by side.", at_least=1)
    look_interval: float = _setting(
        180.0, "How often an Application is looked at when nothing happens, jittered.", at_least=1
    )
    lease_duration: float = _setting(15.0, "For how long a leader that fell silent is believed.", at_least=1)
    exclude_kinds: tuple[str, ...] = _setting(
        (), "Globs of `group/Kind` that the cache leaves out, besides the built-in ones."
    )
    ignore_managers: tuple[str, ...] = _setting(
        (), "Field managers whose fields never count as drift, for all Applications."
    )
    health_rules: str = _setting(
        "gitops-operator-health",
        "The ConfigMap of the operator's namespace with health rules, where there is one.",
    )
    http_port: int = _setting(8080, "Port of /healthz, /readyz and /metrics; 0: any free one.", at_least=0)
    # The kubelet and Prometheus come from outside the pod.
    http_host: str = _setting("0.0.0.0", "Address of all ports.")  # noqa: S104 - as the line above says
    webhook_port: int = _setting(
        8081, "Port of /webhook, where Git servers tell of pushes; 0: any free one.", at_least=0
    )
    unsigned_webhooks: bool = _setting(
        default=False, says="Whether webhooks of Git servers that no secret is set for are believed."
    )
    advertised_host: str = _setting(
        "", "Address under which other replicas reach this one, to pass webhooks on; empty: they cannot."
    )
    log_format: str = _setting("json", "How a line of the log is written: json or text.", choices=_FORMATS)
    log_level: str = _setting("info", "What is logged, this and worse: debug, info, warning or error.", choices=_LEVELS)

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
    for one in fields(Settings):
        variable = _PREFIX + one.name.upper()
        described = f"{one.metadata['says']} (default: {_shown(one.default)}; environment: {variable})"
        more: dict[str, Any] = {"type": _reader(one.default, one.metadata)}
        if isinstance(one.default, bool):
            more = {"action": argparse.BooleanOptionalAction}
        given = environment.get(variable, "")
        default = (
            _from_environment(parser, variable, _reader(one.default, one.metadata), given) if given else one.default
        )
        flag = "--" + one.name.replace("_", "-")
        parser.add_argument(flag, default=default, help=described.replace("%", "%%"), **more)
    return Settings(**vars(parser.parse_args(list(arguments))))


def _from_environment(parser: argparse.ArgumentParser, variable: str, read: Callable[[str], Any], given: str) -> Any:
    try:
        return read(given)
    except (ValueError, argparse.ArgumentTypeError) as error:
        parser.error(f"environment variable {variable}: {error}")


def _reader(default: object, limits: Mapping[str, Any]) -> Callable[[str], Any]:
    """How the text of a flag or variable becomes the value of a field."""
    convert: type[int | float] = int if isinstance(default, int) else float

    def number(text: str) -> float | int:
        try:
            value = convert(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
        if not math.isfinite(value) or value < limits["at_least"]:
            raise argparse.ArgumentTypeError(f"{text!r} is less than {limits['at_least']}")
        return value

    def word(text: str) -> str:
        if "choices" in limits and text not in limits["choices"]:
            raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(limits['choices'])}")
        return text

    readers: dict[type, Callable[[str], Any]] = {bool: _switch, tuple: _words, int: number, float: number, str: word}
    return readers.get(type(default), Path)


def _switch(text: str) -> bool:
    if text.lower() not in _ON | _OFF:
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() in _ON


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _shown(default: object) -> str:
    return "none" if default in {"", ()} else str(default).lower() if isinstance(default, bool) else str(default)
