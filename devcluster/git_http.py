"""Git's smart HTTP: a threading web server before `git http-backend`."""

import base64
import gzip
import hmac
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO
from urllib.parse import parse_qs, unquote, urlsplit

from devcluster.git_backend import Access, Trouble, environment, find_repository, service_of

_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Login:
    """What a client must show: a user with a password, or a bearer token."""

    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    @property
    def header(self) -> str:
        if self.token:
            return f"Bearer {self.token}"
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()

    @property
    def challenge(self) -> str:
        return "Bearer" if self.token else 'Basic realm="devcluster"'


class GitHttpServer(ThreadingHTTPServer):
    """Serves the folder on a free loopback port."""

    daemon_threads = True
    allow_reuse_address = False

    def __init__(self, folder: Path, access: Access, login: Login | None, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.access = access
        self.login = login
        self.tls = tls

    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = super().get_request()
        if self.tls is not None:
            # The handshake comes with the first read, in the request's own thread: nobody else waits for it.
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is no error of ours."""


class _Handler(BaseHTTPRequestHandler):
    server: GitHttpServer  # type: ignore[mutable-override]  # socketserver's own way to say it
    protocol_version = "HTTP/1.1"
    timeout = 120  # type: ignore[mutable-override]  # as above

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self._body())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name of the base class
        pass

    def _answer(self, body: bytes) -> None:
        url = urlsplit(self.path)
        path, _, tail = unquote(url.path).lstrip("/").partition(".git/")
        repository = find_repository(self.server.folder, f"{path}.git")
        asked = parse_qs(url.query).get("service", [""])[0]
        trouble = self.server.access.arrive(f"{path}.git", service_of(tail, body))
        if trouble is None:
            self.close_connection = True
        elif not self._is_welcome():
            self._refuse(401, "login needed")
        elif trouble.refusal:
            self._refuse(trouble.refusal, "refused by the test")
        elif repository is None:
            self._refuse(404, "no such repository")
        elif "git-receive-pack" in (asked, tail):
            self._refuse(403, "this server is read-only")
        else:
            self._serve(f"/{path}.git/{tail}", url.query, body, trouble)

    def _is_welcome(self) -> bool:
        login = self.server.login
        if login is None:
            return True
        return hmac.compare_digest(self.headers.get("Authorization", ""), login.header)

    def _refuse(self, status: int, reason: str) -> None:
        self.send_response(status)
        if status == 401 and self.server.login:
            self.send_header("WWW-Authenticate", self.server.login.challenge)
        text = f"{reason}\n".encode()
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _serve(self, path: str, query: str, body: bytes, trouble: Trouble) -> None:
        cgi = {
            "GIT_PROJECT_ROOT": str(self.server.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_ADDR": self.client_address[0],
        }
        command = ["git", "http-backend"]
        variables = environment(self.headers.get("Git-Protocol", "")) | cgi
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=variables
        ) as process:
            assert process.stdin
            assert process.stdout
            try:
                process.stdin.write(body)
                process.stdin.close()
                self._relay(_cgi_headers(process.stdout), trouble.cut(_chunks(process.stdout)))
            finally:
                process.kill()

    def _relay(self, headers: Mapping[str, str], chunks: Iterator[bytes]) -> None:
        self.send_response(int(headers.get("Status", "200").split()[0]))
        for name, value in headers.items():
            if name != "Status":
                self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for chunk in chunks:
                self.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        except ConnectionAbortedError:
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            raw = b"".join(self._request_chunks())
        else:
            raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        return gzip.decompress(raw) if self.headers.get("Content-Encoding") == "gzip" else raw

    def _request_chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()


def _cgi_headers(output: IO[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    while line := output.readline().strip():
        name, _, value = line.decode().partition(":")
        headers[name] = value.strip()
    return headers


def _chunks(output: IO[bytes]) -> Iterator[bytes]:
    while chunk := output.read(_CHUNK):
        yield chunk
