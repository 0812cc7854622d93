"""Reserves a loopback port for as long as a cluster lives."""

import socket


class ReservedPort:
    """A free port that we keep bound but do not listen on.

    The API server binds it too (SO_REUSEPORT, same user). While the server is down, clients are refused and
    nobody else can take the port; so it comes back under the same address.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        # Bound before the option is set: then the kernel chooses a port that nobody shares.
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.number: int = self._socket.getsockname()[1]

    def release(self) -> None:
        self._socket.close()
