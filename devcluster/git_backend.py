"""What HTTP and SSH have in common: who asked for what, whether today is a bad day, and how to call Git."""

import os
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Trouble:
    """How the server misbehaves; by default it does not."""

    hang: bool = False
    refusal: int = 0
    delay: float = 0.0
    cut_after: int | None = None

    def cut(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The chunks, and ConnectionAbortedError where the connection breaks."""
        left = self.cut_after
        for chunk in chunks:
            if left is not None:
                if len(chunk) >= left:
                    yield chunk[:left]
                    raise ConnectionAbortedError("cut by the test")
                left -= len(chunk)
            yield chunk


class Access:
    """Counts the requests and lets them through, or not."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._trouble = Trouble()
        self._epoch = 0

    def set_trouble(self, trouble: Trouble) -> None:
        """Applies to requests from now on; those that hang are dropped."""
        with self._changed:
            self._trouble = trouble
            self._epoch += 1
            self._changed.notify_all()

    def arrive(self, repository: str, service: str) -> Trouble | None:
        """Counts a request and waits as long as it must; None means: hang up without an answer."""
        with self._changed:
            self._counts[service, repository] += 1
            trouble, epoch = self._trouble, self._epoch
            patience = None if trouble.hang else trouble.delay
            if patience != 0:
                self._changed.wait_for(lambda: self._epoch != epoch, patience)
            return None if trouble.hang else trouble

    def count(self, repository: str | None, service: str | None) -> int:
        with self._changed:
            return sum(
                number
                for (one_service, one_repository), number in self._counts.items()
                if repository in (None, one_repository) and service in (None, one_service)
            )

    def counts(self) -> dict[tuple[str, str], int]:
        with self._changed:
            return dict(self._counts)

    def reset(self) -> None:
        with self._changed:
            self._counts.clear()


def find_repository(folder: Path, path: str) -> Path | None:
    """The bare repository at the path below the folder, and never outside of it."""
    root = folder.resolve()
    found = (root / path.strip("/")).resolve()
    inside = found != root and found.is_relative_to(root)
    return found if inside and (found / "HEAD").is_file() else None


def service_of(tail: str, body: bytes) -> str:
    """The word under which a request is counted: info/refs, ls-refs or fetch."""
    if tail != "git-upload-pack":
        return tail
    return "ls-refs" if b"command=ls-refs" in body[:64] else "fetch"


def environment(protocol: str) -> dict[str, str]:
    """For Git's own commands: no file of the user or the system is read; fetches work as on the usual hosts."""
    settings = {
        "safe.directory": "*",
        "uploadpack.allowFilter": "true",
        "uploadpack.allowAnySHA1InWant": "true",
    }
    variables = {
        "PATH": os.environ.get("PATH", ""),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_COUNT": str(len(settings)),
    }
    for number, (key, value) in enumerate(settings.items()):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables | ({"GIT_PROTOCOL": protocol} if protocol else {})
