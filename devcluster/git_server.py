"""A small Git server for tests and the demo: smart HTTP(S) and SSH, with bad days on request."""

import ssl
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from devcluster.certificates import Authority
from devcluster.errors import DevClusterError
from devcluster.git_backend import Access, Trouble
from devcluster.git_http import GitHttpServer, Login
from devcluster.git_repository import GitRepository, Symlink
from devcluster.git_ssh import GitSshServer

__all__ = ["GitRepository", "GitServer", "Login", "Symlink"]


class GitServer:
    """Serves the bare repositories of a folder, read-only: `with GitServer(folder) as server: …`.

    HTTP is open, or wants the login; SSH wants the key that the server made. Both speak protocol v2.
    """

    def __init__(self, folder: Path, *, login: Login | None = None, tls: bool = False) -> None:
        if not folder.is_dir():
            raise DevClusterError(f"there is no folder {folder} to serve")
        self.folder = folder
        self._access = Access()
        self._keys = tempfile.TemporaryDirectory(prefix="devcluster-git-")
        keys = Path(self._keys.name)
        self._authority = Authority(keys, "devcluster git")
        self._http = GitHttpServer(folder, self._access, login, self._tls() if tls else None)
        self._ssh = GitSshServer(folder, self._access, keys)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), name="devcluster-git-http")
        self._thread.daemon = True

    def start(self) -> Self:
        self._thread.start()
        self._ssh.start()
        return self

    def stop(self) -> None:
        self.recover()  # lets the hanging requests go
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        self._ssh.stop()
        self._keys.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # Where it is and how to get in

    def http_url(self, repository: str) -> str:
        scheme = "https" if self._http.tls else "http"
        return f"{scheme}://127.0.0.1:{self._http.server_address[1]}/{_path(repository)}"

    def ssh_url(self, repository: str) -> str:
        return f"ssh://git@127.0.0.1:{self._ssh.port}/{_path(repository)}"

    @property
    def ca_file(self) -> Path:
        """The authority of the HTTPS server's certificate."""
        return self._authority.identity.certificate

    @property
    def client_key(self) -> str:
        """The private key for SSH, in OpenSSH's format."""
        return self._ssh.client_key

    @property
    def client_key_file(self) -> Path:
        return self._ssh.client_key_file

    def known_hosts(self) -> str:
        """The line for a known_hosts file."""
        return self._ssh.known_hosts()

    # Repositories

    def create(self, name: str, *, branch: str = "main") -> GitRepository:
        return GitRepository.create(self.folder, name, branch=branch)

    def repositories(self) -> Sequence[str]:
        """The names of what the folder holds now."""
        return sorted(path.name for path in self.folder.glob("*.git"))

    # Bad days, for HTTP and SSH alike

    def hang(self) -> None:
        """Accepts requests and never answers them."""
        self._access.set_trouble(Trouble(hang=True))

    def refuse(self, status: int = 500) -> None:
        """Answers every request with this HTTP status; SSH says that it refuses."""
        self._access.set_trouble(Trouble(refusal=status))

    def slow(self, seconds: float) -> None:
        """Waits before each answer."""
        self._access.set_trouble(Trouble(delay=seconds))

    def cut(self, after: int) -> None:
        """Drops the connection after so many bytes of each answer."""
        self._access.set_trouble(Trouble(cut_after=after))

    def recover(self) -> None:
        self._access.set_trouble(Trouble())

    # Who asked

    def count(self, repository: str | None = None, service: str | None = None) -> int:
        """How many requests came. Services: info/refs, ls-refs and fetch over HTTP; git-upload-pack over SSH."""
        return self._access.count(_path(repository) if repository else None, service)

    def counts(self) -> dict[tuple[str, str], int]:
        """The requests by (service, repository)."""
        return self._access.counts()

    def reset_counts(self) -> None:
        self._access.reset()

    def _tls(self) -> ssl.SSLContext:
        identity = self._authority.server("git-server", ["127.0.0.1", "localhost"])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity.certificate, identity.key)
        return context


def _path(repository: str) -> str:
    return f"{repository.removesuffix('.git')}.git"
