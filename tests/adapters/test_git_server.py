import asyncio
import os
import shutil
import subprocess
import time
from pathlib import Path

import asyncssh
import pygit2
import pytest

from devcluster.git_server import GitRepository, GitServer, Login, Symlink


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    made = GitRepository.create(tmp_path, "app")
    made.commit({"deploy/web.yaml": "kind: Deployment\n", "README": "hello\n"})
    return made


# HTTP


def test_a_repository_is_cloned_over_http(tmp_path: Path, repository: GitRepository) -> None:
    with GitServer(tmp_path) as server:
        git("clone", "-q", server.http_url("app"), str(tmp_path / "clone"))
    assert (tmp_path / "clone/deploy/web.yaml").read_text() == "kind: Deployment\n"


def test_protocol_v2_asks_for_refs_and_then_fetches(tmp_path: Path, repository: GitRepository) -> None:
    with GitServer(tmp_path) as server:
        answer = git("ls-remote", server.http_url("app"), GIT_TRACE_PACKET="1")
        assert server.counts() == {("info/refs", "app.git"): 1, ("ls-refs", "app.git"): 1}
        git("clone", "-q", "--depth=1", "--filter=blob:none", "--bare", server.http_url("app"), str(tmp_path / "c"))
        assert server.count("app", "fetch") == 1
    assert "version 2" in answer.stderr


def test_older_protocols_work_too(tmp_path: Path, repository: GitRepository) -> None:
    with GitServer(tmp_path) as server:
        answer = git("-c", "protocol.version=0", "ls-remote", server.http_url("app"))
        assert server.counts() == {("info/refs", "app.git"): 1}
    assert f"{repository.sha()}\trefs/heads/main" in answer.stdout


def test_a_large_repository_is_fetched_whole(tmp_path: Path, repository: GitRepository) -> None:
    repository.commit({f"file-{number}": os.urandom(40_000).hex() for number in range(40)})
    with GitServer(tmp_path) as server:
        clone = pygit2.clone_repository(server.http_url("app"), str(tmp_path / "clone"), bare=True)
        assert str(clone.head.target) == repository.sha()
        clone.free()


def test_basic_authentication_wants_the_right_password(tmp_path: Path, repository: GitRepository) -> None:
    with GitServer(tmp_path, login=Login("me", "secret")) as server:
        url = server.http_url("app")
        assert git("ls-remote", url, code=128).stdout == ""
        assert git("ls-remote", url.replace("//", "//me:wrong@"), code=128).stdout == ""
        assert repository.sha() in git("ls-remote", url.replace("//", "//me:secret@")).stdout


def test_a_bearer_token_is_accepted(tmp_path: Path, repository: GitRepository) -> None:
    with GitServer(tmp_path, login=Login(token="abc")) as server:
        header = "http.extraHeader=Authorization: Bearer abc"
        assert repository.sha() in git("-c", header, "ls-remote", server.http_url("app")).stdout
        assert git("-c", f"{header}d", "ls-remote", server.http_url("app"), code=128).stdout == ""


def test_tls_is_trusted_only_with_its_own_authority(tmp_path: Path, repository: GitRepository) -> None:
    with GitServer(tmp_path, tls=True) as server:
        url = server.http_url("app")
        assert url.startswith("https://")
        assert "certificate" in git("ls-remote", url, code=128).stderr
        assert repository.sha() in git("ls-remote", url, GIT_SSL_CAINFO=str(server.ca_file)).stdout


def test_what_is_not_there_is_not_found(tmp_path: Path, repository: GitRepository) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    GitRepository.create(outside, "secret")
    served = tmp_path / "served"
    served.mkdir()
    with GitServer(served) as server:
        assert "not found" in git("ls-remote", server.http_url("missing"), code=128).stderr
        assert git("ls-remote", server.http_url("%2e%2e/outside/secret"), code=128).stdout == ""


def test_pushing_is_refused(tmp_path: Path, repository: GitRepository) -> None:
    with GitServer(tmp_path) as server:
        answer = git("-C", str(repository.path), "push", server.http_url("app"), "main:other", code=128)
    assert "403" in answer.stderr


# SSH


def test_a_repository_is_cloned_over_ssh(tmp_path: Path, repository: GitRepository) -> None:
    with GitServer(tmp_path) as server:
        clone = pygit2.clone_repository(server.ssh_url("app"), str(tmp_path / "c"), bare=True, callbacks=Key(server))
        assert str(clone.head.target) == repository.sha()
        assert server.count("app", "git-upload-pack") == 1
        clone.free()


def test_ssh_refuses_other_keys(tmp_path: Path, repository: GitRepository) -> None:
    with GitServer(tmp_path) as server:
        other = asyncssh.generate_private_key("ssh-ed25519")
        callbacks = Key(server, other.export_private_key().decode())
        with pytest.raises(PermissionError, match="key was refused"):
            pygit2.clone_repository(server.ssh_url("app"), str(tmp_path / "c"), bare=True, callbacks=callbacks)


def test_ssh_speaks_protocol_v2_and_its_host_key_is_known(tmp_path: Path, repository: GitRepository) -> None:
    with GitServer(tmp_path) as server:
        assert "version 2" in asyncio.run(greeting(server, "git-upload-pack '/app.git'"))


def test_ssh_runs_nothing_but_upload_pack(tmp_path: Path, repository: GitRepository) -> None:
    with GitServer(tmp_path) as server:
        assert asyncio.run(greeting(server, "sh -c 'echo version 2'")) == ""


# Bad days


def test_a_server_that_hangs_lets_go_when_it_recovers(tmp_path: Path, repository: GitRepository) -> None:
    with GitServer(tmp_path) as server:
        server.hang()
        with pytest.raises(subprocess.TimeoutExpired):
            git("ls-remote", server.http_url("app"), timeout=1)
        server.recover()
        git("ls-remote", server.http_url("app"))
        server.hang()  # stop() must not wait for anyone


@pytest.mark.parametrize("status", [403, 500, 503])
def test_a_server_refuses(tmp_path: Path, repository: GitRepository, status: int) -> None:
    with GitServer(tmp_path) as server:
        server.refuse(status)
        assert str(status) in git("ls-remote", server.http_url("app"), code=128).stderr
        with pytest.raises(pygit2.GitError):
            pygit2.clone_repository(server.ssh_url("app"), str(tmp_path / "c"), bare=True, callbacks=Key(server))


def test_a_slow_server_answers_late(tmp_path: Path, repository: GitRepository) -> None:
    with GitServer(tmp_path) as server:
        server.slow(0.5)
        started = time.monotonic()
        git("ls-remote", server.http_url("app"))
        assert time.monotonic() - started > 0.9  # two requests


def test_a_connection_breaks_in_the_middle(tmp_path: Path, repository: GitRepository) -> None:
    repository.commit({"large": os.urandom(100_000).hex()})
    with GitServer(tmp_path) as server:
        server.cut(after=5_000)
        git("clone", "-q", server.http_url("app"), str(tmp_path / "one"), code=128)
        with pytest.raises(pygit2.GitError):
            pygit2.clone_repository(server.ssh_url("app"), str(tmp_path / "two"), bare=True, callbacks=Key(server))


def test_a_corrupt_repository_cannot_be_fetched(tmp_path: Path, repository: GitRepository) -> None:
    repository.corrupt()
    with GitServer(tmp_path) as server:
        git("clone", "-q", server.http_url("app"), str(tmp_path / "clone"), code=128)


# Repositories


def test_a_commit_adds_changes_and_deletes(repository: GitRepository) -> None:
    repository.commit({"README": "changed\n", "a/b/c": "new\n", "link": Symlink("README")})
    assert repository.files() == {
        "README": "changed\n",
        "a/b/c": "new\n",
        "deploy/web.yaml": "kind: Deployment\n",
        "link": "README",
    }
    repository.delete("deploy", "a/b/c")
    assert set(repository.files()) == {"README", "link"}


def test_branches_and_tags_name_commits(repository: GitRepository) -> None:
    first = repository.sha()
    repository.branch("stable")
    repository.tag("v1", annotated=True)
    second = repository.commit({"README": "later\n"})
    assert [repository.sha(name) for name in ("stable", "v1", "main")] == [first, first, second]
    repository.tag("v1")
    repository.commit({"README": "hot fix\n"}, branch="stable")
    assert (repository.sha("v1"), repository.files("stable")["README"]) == (second, "hot fix\n")


def test_a_force_push_leaves_no_common_history(repository: GitRepository) -> None:
    before = repository.sha()
    repository.force_push({"only": "this\n"})
    assert repository.files() == {"only": "this\n"}
    assert before not in git("-C", str(repository.path), "log", "--format=%H", "main").stdout
    assert repository.reset(before) == repository.sha() == before


def test_a_repository_can_be_emptied_and_forget_everything(tmp_path: Path, repository: GitRepository) -> None:
    repository.empty()
    assert repository.files() == {}
    repository.forget_everything()
    with GitServer(tmp_path) as server:
        assert git("ls-remote", server.http_url("app")).stdout == ""


# Helpers


class Key(pygit2.RemoteCallbacks):
    """Shows the server's client key, or another."""

    def __init__(self, server: GitServer, private: str | None = None) -> None:
        super().__init__()
        self._private = private or server.client_key
        self._has_tried = False

    def credentials(
        self, url: str, username_from_url: str | None, allowed_types: pygit2.enums.CredentialType
    ) -> pygit2.KeypairFromMemory:
        if self._has_tried:  # libgit2 asks again and again for as long as one answers
            raise PermissionError("the key was refused")
        self._has_tried = True
        public = asyncssh.import_private_key(self._private).export_public_key().decode()
        return pygit2.KeypairFromMemory(username_from_url or "git", public, self._private, "")

    def certificate_check(self, certificate: None, valid: bool, host: bytes) -> bool:
        return True


async def greeting(server: GitServer, command: str) -> str:
    """The first packet that the server sends to a client that asks for version 2 and checks the host key."""
    address, port = server.ssh_url("app").split("@")[1].split("/")[0].split(":")
    connecting = asyncssh.connect(
        address,
        int(port),
        username="git",
        client_keys=[server.client_key_file],
        known_hosts=asyncssh.import_known_hosts(server.known_hosts()),
        config=None,
        agent_path=None,
    )
    async with connecting as connection:
        process = await connection.create_process(command, env={"GIT_PROTOCOL": "version=2"}, encoding=None)
        packet: bytes = await process.stdout.read(14)
    return packet.decode()


def git(*arguments: str, code: int = 0, timeout: float = 30, **variables: str) -> subprocess.CompletedProcess[str]:
    executable = shutil.which("git")
    assert executable
    environment = {"PATH": os.environ["PATH"], "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": os.devnull, **variables}
    answer = subprocess.run(
        [executable, *arguments], capture_output=True, text=True, timeout=timeout, check=False, env=environment
    )
    assert answer.returncode == code, answer.stderr
    return answer
