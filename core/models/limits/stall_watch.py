"""Stall watch: what is going on where a server took a call and has not answered it.

A reply that is not streamed may take minutes, so silence is no fault; but a server that
is still loading the model, or that hangs, is named while the call waits for its deadline.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import structlog

from fellowship.models.limits.wait_note import WaitNote
from fellowship.number_format import duration

log = structlog.get_logger("fellowship.models")

T = TypeVar("T")

STALL = 50.0
"""Seconds without an answer after which the server is looked at, and between two looks:
with the look, less than a minute until it is named."""


class StallWatch:
    """The calls to one model that wait. `look` says in a phrase what the server does."""

    def __init__(
        self, model: str, look: Callable[[], Awaitable[str]], stall: float = STALL
    ) -> None:
        self.model = model
        self.stall = stall
        self._look = look
        self._waiting: dict[object, str] = {}

    async def wait(self, call: Coroutine[Any, Any, T]) -> T:
        """What the call returns or raises. While it waits, `note` says for what."""
        task, began = asyncio.ensure_future(call), time.monotonic()
        started: set[asyncio.Future[Any]] = {task}
        try:
            while not (await asyncio.wait({task}, timeout=self.stall))[0]:
                news = task not in self._waiting
                # A look may take as long as the server does: the call's end ends it.
                looking = asyncio.ensure_future(self._look())
                started.add(looking)
                await asyncio.wait({task, looking}, return_when="FIRST_COMPLETED")
                if not looking.done():
                    continue
                seconds = duration(time.monotonic() - began)
                self._waiting[task] = f"{looking.result()} after {seconds}"
                if news:
                    log.warning("slow", model=self.model, why=self._waiting[task])
            return task.result()
        finally:
            self._waiting.pop(task, None)
            await _end(started)

    def note(self) -> WaitNote | None:
        """What the longest waiting call waits for; None where none waits for long."""
        why = next(iter(self._waiting.values()), "")
        return WaitNote(f"model {self.model!r}", why) if why else None


async def _end(futures: set[asyncio.Future[Any]]) -> None:
    """Cancel what still goes on, and see it end: its sockets are closed by then.

    An error that nobody waits for any more is no error of the run.
    """
    for future in futures:
        future.add_done_callback(_take_error)
    going = [future for future in futures if future.cancel()]
    if going:
        await asyncio.wait(going)


def _take_error(future: asyncio.Future[Any]) -> None:
    if not future.cancelled():
        future.exception()
