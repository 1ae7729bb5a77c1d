"""Listener of the coordinator: the port its workers connect to, and who may.

A worker is told the address and a key of 32 random bytes by Ray. It sends the key and its
name; of a peer that doesn't know the key nothing else is read. Where Ray uses TLS between
its processes (`RAY_USE_TLS`), so do these connections, with the same certificates.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import secrets
import ssl
from collections.abc import Callable
from typing import Any, NamedTuple

from fellowship.cluster.connection import GATHERING, LENGTH, Connection
from fellowship.errors import FellowshipError

KEY_BYTES = 32

LONGEST_GREETING = KEY_BYTES + 100
"""Bytes of a key and a worker's name, at the most."""

TO_CONNECT = 60.0
"""Seconds in which a worker must have connected, and a peer must have sent the key."""


class Address(NamedTuple):
    """Where the coordinator listens, and the key of this life of it."""

    host: str
    port: int
    key: bytes


Accept = Callable[[str, Connection], "Callable[[Any], None] | None"]
"""Given a worker's name and its connection, what receives its messages; None: not known."""


class GuardedConnection(Connection):
    """The coordinator's end: deaf until the key and a worker's name have come."""

    def __init__(self, key: bytes, accept: Accept) -> None:
        super().__init__(lambda message: None, lambda error: None)
        self._key = key
        self._accept = accept
        self._known = False
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Give the peer some time to send the key."""
        super().connection_made(transport)
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(TO_CONNECT, self.abort)

    def data_received(self, data: bytes) -> None:
        """Nothing long is waited for from a peer that has not sent the key."""
        if not self._known and self._is_too_long(bytes(self._unread) + data):
            self.abort()
        else:
            super().data_received(data)

    def _is_too_long(self, start: bytes) -> bool:
        """Whether these bytes of a peer unknown so far begin what is no greeting."""
        known = len(start) >= LENGTH.size
        return known and LENGTH.unpack_from(start)[0] > LONGEST_GREETING

    def take_frame(self, frame: bytes) -> None:
        """The greeting, then messages."""
        if self._known:
            super().take_frame(frame)
        elif not hmac.compare_digest(frame[:KEY_BYTES], self._key):
            self.abort()
        else:
            self._greet(frame[KEY_BYTES:].decode(errors="replace"))

    def _greet(self, name: str) -> None:
        receive = self._accept(name, self)
        if receive is None:
            self.abort()
            return
        self._known, self._receive = True, receive
        if self._patience is not None:
            self._patience.cancel()

    def abort(self) -> None:
        """End it at once, whatever else has come."""
        self._unread.clear()
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        """Whoever it was has gone."""
        if self._patience is not None:
            self._patience.cancel()
        super().connection_lost(error)


async def listen(host: str, accept: Accept) -> tuple[asyncio.Server, Address]:
    """Listen on a free port of `host`; the server, and what a worker must be told.

    Raises `FellowshipError` where `host` is no address of this machine.
    """
    key = secrets.token_bytes(KEY_BYTES)
    try:
        server = await asyncio.get_running_loop().create_server(
            lambda: GuardedConnection(key, accept), host, 0, ssl=tls_context(True)
        )
    except OSError as error:
        raise FellowshipError(
            f"the coordinator can't listen at {host!r}: {error}; start Ray with a"
            " `--node-ip-address` that is one of this machine's own"
        ) from error
    return server, Address(host, server.sockets[0].getsockname()[1], key)


async def connect(
    address: Address,
    name: str,
    receive: Callable[[Any], None],
    lost: Callable[[Exception], None],
) -> Connection:
    """The connection of the worker `name` to the coordinator.

    Raises `FellowshipError` where it can't be reached.
    """
    tls = tls_context(False)
    try:
        async with asyncio.timeout(TO_CONNECT):
            _, made = await asyncio.get_running_loop().create_connection(
                lambda: Connection(receive, lost, GATHERING),
                *address[:2],
                ssl=tls,
                server_hostname="" if tls else None,
            )
    except (OSError, TimeoutError) as error:
        raise FellowshipError(
            f"{name} can't reach the coordinator at {address.host}:{address.port}:"
            f" {error or 'no answer'}; let the machines of the cluster reach all of one"
            " another's ports"
        ) from error
    made.write_frame(address.key + name.encode())
    return made


def tls_context(server: bool) -> ssl.SSLContext | None:
    """Ray's own certificates, each side checking the other's; None where it uses none."""
    if os.environ.get("RAY_USE_TLS", "0").lower() not in ("1", "true"):
        return None
    kind = ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT
    context = ssl.SSLContext(kind)
    context.check_hostname = False  # as Ray: the certificates are the cluster's own
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_cert_chain(
            os.environ["RAY_TLS_SERVER_CERT"], os.environ["RAY_TLS_SERVER_KEY"]
        )
        context.load_verify_locations(os.environ["RAY_TLS_CA_CERT"])
    except (KeyError, OSError) as error:
        raise FellowshipError(
            f"RAY_USE_TLS is set, but Ray's certificates can't be used: {error!r}"
        ) from error
    return context
