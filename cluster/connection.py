"""Connection between a worker and the coordinator: messages in order, many in a write.

Ray places the processes and watches over their lives; what they tell one another goes past
it, since a call between actors takes half a millisecond of CPU at either end. A frame is
its length, that of a JSON list of messages, the list, and after it long texts of the
messages as they are, which nobody on the way has to read. A connection that breaks is
never mended: the worker ends, and another replays what it had not finished.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any

from fellowship.json_encoding import json_encoder, parse_json

LENGTH = struct.Struct("!Q")
"""The bytes before each frame: how many follow."""

GATHERING = 0.005
"""Seconds a message waits for others: at a worker to be sent, at the coordinator to be
handled together, in one commit.
"""

KEEP_ALIVE = 60
"""Seconds of silence after which the system asks whether the other side is there."""

encode = json_encoder(separators=(",", ":"))


class Connection(asyncio.Protocol):
    """One end. `receive` is called with each message, `lost` once, when it is over.

    A message is a list or tuple of anything JSON can hold, which arrives as lists. Its
    texts, if it has any, are a list after its last value.
    """

    def __init__(
        self,
        receive: Callable[[Any], None],
        lost: Callable[[Exception], None],
        gathering: float = 0.0,
    ) -> None:
        """`gathering`: seconds a message waits for others; 0 for this turn of the loop."""
        self._gathering = gathering
        self._receive = receive
        self._lost = lost
        self._unread = bytearray()
        self._unsent: list[tuple[str, list[bytes]]] = []
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_open(self) -> bool:
        """Whether anything can be sent, or is still on its way."""
        return self._transport is not None

    def send(self, message: Any, texts: Sequence[str] = ()) -> None:
        """Send this soon, after all that was sent before; nothing once it is over.

        `TypeError` or `ValueError` for what JSON can't hold, of which nothing is sent.
        """
        raw = [text.encode() for text in texts]
        entry = encode([message, *map(len, raw)])
        if not self._unsent:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._gathering, self.flush)
        self._unsent.append((entry, raw))

    def close(self) -> None:
        """End it; what is still unsent is sent first."""
        self.flush()
        if self._transport is not None:
            self._transport.close()

    def flush(self) -> None:
        """Send what waits for others."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        batch, self._unsent = self._unsent, []
        if batch and self._transport is not None:
            self.write_frame(join_frame(batch))

    def write_frame(self, frame: bytes) -> None:
        """Write these bytes as one frame."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(LENGTH.pack(len(frame)) + frame)

    # -- called by asyncio -------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what to write to; a silent connection is kept alive between machines."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        end = transport.get_extra_info("socket")
        end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if hasattr(socket, "TCP_KEEPIDLE"):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEP_ALIVE)

    def data_received(self, data: bytes) -> None:
        """Take the frames that are whole by now; a part of one waits for its rest."""
        self._unread += data
        for frame in self._frames():
            self.take_frame(frame)

    def _frames(self) -> Iterator[bytes]:
        while len(self._unread) >= LENGTH.size:
            end = LENGTH.size + LENGTH.unpack_from(self._unread)[0]
            if len(self._unread) < end:
                return
            frame = bytes(self._unread[LENGTH.size : end])
            del self._unread[:end]
            yield frame

    def take_frame(self, frame: bytes) -> None:
        """Receive every message of one frame, in order."""
        at = LENGTH.size + LENGTH.unpack_from(frame)[0]
        for message, *sizes in parse_json(frame[LENGTH.size : at]):
            if sizes:
                ends = list(accumulate(sizes, initial=at))
                at = ends[-1]
                message.append([frame[i:j].decode() for i, j in pairwise(ends)])
            self._receive(message)

    def connection_lost(self, error: Exception | None) -> None:
        """Nothing can be sent any more."""
        self._transport = None
        self._lost(error or ConnectionResetError("the other side has closed it"))


def join_frame(entries: Sequence[tuple[str, Sequence[bytes]]]) -> bytes:
    """One frame of messages: each as JSON with the sizes of its texts, and its texts."""
    listed = f"[{','.join(entry for entry, _ in entries)}]".encode()
    texts = (text for _, raw in entries for text in raw)
    return b"".join((LENGTH.pack(len(listed)), listed, *texts))
