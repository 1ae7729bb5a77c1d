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
        self._begun: dict[object, float] = {}
        """Calls that nobody looks at yet, and when they began, in that order."""
        self._looks: dict[object, asyncio.Task[None]] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def wait(self, call: Coroutine[Any, Any, T]) -> T:
        """What the call returns or raises. While it waits, `note` says for what."""
        loop, name = asyncio.get_running_loop(), object()
        self._begun[name] = loop.time()
        if self._timer is None:
            self._timer = loop.call_later(self.stall, self._begin_looks)
        try:
            return await call
        finally:
            self._begun.pop(name, None)
            self._waiting.pop(name, None)
            if self._timer is not None and not self._begun:
                self._timer.cancel()
                self._timer = None
            # A look may take as long as the server does: the call's end ends it.
            if looking := self._looks.pop(name, None):
                await _end(looking)

    def _begin_looks(self) -> None:
        """Look at the calls that have waited so long, and set a timer for the next one.

        One timer for all: nearly every call is answered before anybody looks.
        """
        loop, self._timer = asyncio.get_running_loop(), None
        for name, began in list(self._begun.items()):
            if (left := began + self.stall - loop.time()) > 0:
                self._timer = loop.call_later(left, self._begin_looks)
                return
            del self._begun[name]
            self._looks[name] = asyncio.ensure_future(self._watch(name))

    async def _watch(self, name: object) -> None:
        """Look at the server, and again after each time it took so long without a word."""
        began = time.monotonic() - self.stall
        while True:
            news = name not in self._waiting
            seen = await self._look()
            seconds = duration(time.monotonic() - began)
            self._waiting[name] = f"{seen} after {seconds}"
            if news:
                log.warning("slow", model=self.model, why=self._waiting[name])
            await asyncio.sleep(self.stall)

    def note(self) -> WaitNote | None:
        """What the longest waiting call waits for; None where none waits for long."""
        why = next(iter(self._waiting.values()), "")
        return WaitNote(f"model {self.model!r}", why) if why else None


async def _end(future: asyncio.Future[Any]) -> None:
    """Cancel what still goes on, and see it end: its sockets are closed by then.

    An error that nobody waits for any more is no error of the run.
    """
    future.add_done_callback(_take_error)
    if future.cancel():
        await asyncio.wait({future})


def _take_error(future: asyncio.Future[Any]) -> None:
    if not future.cancelled():
        future.exception()
