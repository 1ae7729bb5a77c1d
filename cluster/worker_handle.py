"""Worker handle: one worker, as the coordinator sees it.

Its rows, and the calls that it has asked for and that it has open.
"""

from __future__ import annotations

import asyncio
from typing import Any

from fellowship.cluster.connection import Connection
from fellowship.cluster.messages import Answer, RemoteError
from fellowship.errors import FellowshipError
from fellowship.models.record.call_broker import Call


class WorkerHandle:
    """One worker. A call is known by the number of the message that asked for it.

    Two calls may have one key. `opening` are those that wait for their turn, `noting`
    those that wait for their note to be durable, `calls` those that may be sent.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.connection: Connection | None = None
        self.rows: set[int] = set()
        self.calls: dict[int, tuple[Call, float]] = {}
        self.noting: set[int] = set()
        self.opening: dict[int, asyncio.Task[None]] = {}
        self.pulling: set[asyncio.Task[None]] = set()

    def answer(self, number: int, value: Any = None) -> None:
        """Send an answer, soon; to a worker that has gone, nothing."""
        if self.connection is not None:
            self.connection.send(Answer(number, value))

    def answer_error(self, number: int, error: FellowshipError) -> None:
        """Send what was met instead of an answer."""
        if self.connection is not None:
            self.connection.send(Answer(number, error=RemoteError.from_error(error)))

    def flush(self) -> None:
        """Send all answers that wait, in one write."""
        if self.connection is not None:
            self.connection.flush()

    def stop(self) -> None:
        """It is gone: what it waits for is waited for no longer."""
        if self.connection is not None:
            self.connection.close()
        self.noting.clear()
        for task in (*self.opening.values(), *self.pulling):
            task.cancel()
