"""Where a cluster keeps its data: a private folder on tmpfs, swept away when its owner is gone."""

import os
import shutil
import stat
import tempfile
from pathlib import Path

from devcluster.errors import DevClusterError
from devcluster.locks import is_locked, locked, try_lock

_SHARED_MEMORY = Path("/dev/shm")
_ENOUGH_BYTES = 512 * 1024 * 1024
_LOCK = "owner.lock"
_LONGEST = 90  # a socket's path may have 107 bytes


class DataFolder:
    """A folder of mode 0700 with a lock that says whether its owner lives."""

    def __init__(self, name: str) -> None:
        parent = _parent()
        with locked(parent / ".lock", timeout=60):
            _sweep(parent)
            self.path = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=parent))
            self._lock = try_lock(self.path / _LOCK)
        if len(str(self.path)) > _LONGEST:
            self.remove()
            raise DevClusterError(f"{self.path} is too long for the sockets in it; set TMPDIR to a shorter folder")

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _parent() -> Path:
    name = f"gitops-devcluster-{os.getuid()}"
    parent = (_SHARED_MEMORY if _has_room(_SHARED_MEMORY) else Path(tempfile.gettempdir())) / name
    parent.mkdir(mode=0o700, exist_ok=True)
    found = parent.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise DevClusterError(f"{parent} is not a private folder of this user; remove it and try again")
    return parent


def _has_room(folder: Path) -> bool:
    try:
        space = os.statvfs(folder)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK) and space.f_bavail * space.f_frsize >= _ENOUGH_BYTES


def _sweep(parent: Path) -> None:
    """Removes what clusters left that were killed with SIGKILL: while they started, lived or cleaned up.

    A folder without a lock file is such a rest, too: folders get theirs while we hold the lock of the parent.
    """
    for folder in parent.iterdir():
        if folder.is_dir() and not is_locked(folder / _LOCK):
            shutil.rmtree(folder, ignore_errors=True)
