"""Server of the page: host, port, token, socket.

The page is for whoever started it: loopback, unless a token is asked of everybody.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import uvicorn

from fellowship.errors import InputError
from fellowship.viewer.access import AccessPolicy, is_loopback
from fellowship.viewer.app import create_app

SHORTEST = 16
"""Letters of a token, at least."""


@dataclass(frozen=True)
class ServerAddress:
    """Where the page is served. Port 0 is any that is free."""

    host: str = "127.0.0.1"
    port: int = 0
    token: str = ""

    def check(self) -> None:
        """`InputError` where others could read the run without being asked for a token."""
        if self.token and len(self.token) < SHORTEST:
            raise InputError(f"a token needs {SHORTEST} characters or more")
        if not all("!" <= letter <= "~" for letter in self.token):
            raise InputError(
                "a token has ASCII letters, digits and signs, and no space: it goes into"
                " a header of HTTP"
            )
        if not is_loopback(self.host) and not self.token:
            raise InputError(
                f"anybody on the network could read this run on {self.host!r}: give a"
                " --token too, or leave out --host"
            )

    def bind(self) -> tuple[socket.socket, ServerAddress]:
        """A listening socket, and this place with the port it got."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self.host.strip("[]"), self.port))
            listener.listen()
        except OSError as error:
            listener.close()
            raise InputError(
                f"can't listen on {self.host}:{self.port}: {error.strerror}; choose"
                " another --port, or none"
            ) from error
        return listener, replace(self, port=listener.getsockname()[1])

    @property
    def address(self) -> str:
        """What to open in a browser."""
        host = (
            f"[{self.host}]" if ":" in self.host and "[" not in self.host else self.host
        )
        name = "127.0.0.1" if host == "0.0.0.0" else host
        return f"http://{name}:{self.port}/" + (
            f"?token={self.token}" * bool(self.token)
        )


def make_server(run: Path, place: ServerAddress) -> uvicorn.Server:
    """A server of the run's page; `run()` or `await serve()` it with the bound socket."""
    return server_of(create_app(run, AccessPolicy(place.host, place.token)))


def server_of(app: Any) -> uvicorn.Server:
    """A server of an app, quiet and without HTTP headers that name it."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=3,
        lifespan="on",
        ws="none",
    )
    return uvicorn.Server(config)
