"""Git over SSH: asyncssh before `git-upload-pack`, with a host key and one client key of its own."""

import asyncio
import shlex
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import asyncssh

from devcluster.git_backend import Access, Trouble, environment, find_repository

_CHUNK = 64 * 1024
_Answer = TypeVar("_Answer")


class GitSshServer:
    """Serves the folder on a free loopback port, from a thread and loop of its own."""

    def __init__(self, folder: Path, access: Access, keys: Path) -> None:
        self._folder = folder
        self._access = access
        self._host_key = asyncssh.generate_private_key("ssh-ed25519")
        self._client_key = asyncssh.generate_private_key("ssh-ed25519", comment="devcluster")
        self.client_key_file = keys / "id_ed25519"
        self.client_key_file.touch(mode=0o600)
        self.client_key_file.write_bytes(self._client_key.export_private_key())
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="devcluster-git-ssh", daemon=True)

    @property
    def client_key(self) -> str:
        """The private key that is let in, in OpenSSH's format."""
        return self.client_key_file.read_text()

    def known_hosts(self) -> str:
        """The line for a known_hosts file."""
        public = self._host_key.export_public_key().decode().split()
        return f"[127.0.0.1]:{self.port} {public[0]} {public[1]}\n"

    def start(self) -> None:
        self._thread.start()
        self._server = self._await(self._listen())
        self.port = self._server.get_port()

    def stop(self) -> None:
        self._await(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _await(self, coroutine: Coroutine[Any, Any, _Answer]) -> _Answer:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _listen(self) -> asyncssh.SSHAcceptor:
        authorized = asyncssh.import_authorized_keys(self._client_key.export_public_key().decode())
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[self._host_key],
            authorized_client_keys=authorized,
            password_auth=False,
            process_factory=self._serve,
            encoding=None,
        )

    async def _close(self) -> None:
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        code = 1
        try:
            code = await self._answer(process)
        except (ConnectionError, asyncssh.Error):
            code = 1
        finally:
            process.exit(code)

    async def _answer(self, process: asyncssh.SSHServerProcess[bytes]) -> int:
        service, _, argument = (process.command or "").partition(" ")
        path = "".join(shlex.split(argument)).strip("/")
        trouble = await asyncio.to_thread(self._access.arrive, path, service or "shell")
        if trouble is None:
            process.channel.abort()
            return 1
        repository = find_repository(self._folder, path)
        if trouble.refusal:
            return _refuse(process, "refused by the test")
        if service != "git-upload-pack":
            return _refuse(process, "this server only knows git-upload-pack")
        if repository is None:
            return _refuse(process, f"repository '{path}' not found")
        return await self._upload_pack(process, repository, trouble)

    async def _upload_pack(self, process: asyncssh.SSHServerProcess[bytes], repository: Path, trouble: Trouble) -> int:
        git = await asyncio.create_subprocess_exec(
            *("git", "upload-pack", str(repository)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment(process.env.get("GIT_PROTOCOL", "")),
        )
        assert git.stdin
        assert git.stdout
        feeding = asyncio.create_task(_feed(process.stdin, git.stdin))
        try:
            left = trouble.cut_after
            while chunk := await git.stdout.read(_CHUNK if left is None else min(left, _CHUNK)):
                process.stdout.write(chunk)
                await process.stdout.drain()
                left = left if left is None else left - len(chunk)
                if left == 0:
                    process.channel.abort()
                    return 1
            return await git.wait()
        finally:
            feeding.cancel()
            if git.returncode is None:
                git.kill()
                await git.wait()


async def _feed(source: asyncssh.SSHReader[bytes], target: asyncio.StreamWriter) -> None:
    while chunk := await source.read(_CHUNK):
        target.write(chunk)
        await target.drain()
    target.close()


def _refuse(process: asyncssh.SSHServerProcess[bytes], reason: str) -> int:
    process.stderr.write(f"fatal: {reason}\n".encode())
    return 128
