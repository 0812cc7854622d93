"""The few requests that the devcluster itself sends to its API server."""

import http
import http.client
import json
import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devcluster.certificates import Identity
from devcluster.errors import DevClusterError

Json = dict[str, Any]
_PATIENCE = 30.0


class Api:
    """Requests as the administrator, one connection each."""

    def __init__(self, port: int, authority: Path, identity: Identity) -> None:
        self._port = port
        self._context = ssl.create_default_context(cafile=str(authority))
        self._context.load_cert_chain(identity.certificate, identity.key)

    def is_ready(self) -> bool:
        try:
            status, _ = self._request("GET", "/readyz", None, timeout=5)
        except (OSError, http.client.HTTPException):
            return False
        return status == 200

    def get(self, path: str) -> Json | None:
        """The object, or None when there is none."""
        status, body = self._patiently("GET", path, None)
        if status == 404:
            return None
        return _parsed(f"GET {path}", status, body)

    def create(self, path: str, body: Mapping[str, Any]) -> Json:
        status, answer = self._patiently("POST", path, body)
        return _parsed(f"POST {path}", status, answer)

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content_type: str = "application/json",
        timeout: float = 30,
    ) -> tuple[int, Json]:
        """Any request: the status and the object that came back, which tells of a refusal, too."""
        status, answer = self._request(method, path, body, content_type=content_type, timeout=timeout)
        try:
            parsed = json.loads(answer)
        except ValueError:
            parsed = {"message": answer.decode(errors="replace")}
        return status, parsed

    def _patiently(self, method: str, path: str, body: Mapping[str, Any] | None) -> tuple[int, bytes]:
        """Asks again as long as the server wants to be asked later (429), as it does while a new kind is set up."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            status, answer = self._request(method, path, body)
            if status != http.HTTPStatus.TOO_MANY_REQUESTS or time.monotonic() > deadline:
                return status, answer
            time.sleep(0.2)

    def _request(
        self, method: str, path: str, body: object, *, content_type: str = "application/json", timeout: float = 30
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPSConnection("127.0.0.1", self._port, context=self._context, timeout=timeout)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, path, payload, {"Content-Type": content_type})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def _parsed(request: str, status: int, body: bytes) -> Json:
    if status >= 300:
        raise DevClusterError(f"{request}: the API server answered {status}: {body[:500].decode(errors='replace')}")
    parsed: Json = json.loads(body)
    return parsed
