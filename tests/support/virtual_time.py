"""An event loop whose clock jumps to the next timer: minutes of waiting take no time.

Whatever reads `time.monotonic` or the loop's time sees the same clock. Nothing that waits
for a thread or a socket belongs here: the clock would run on meanwhile.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Coroutine
from typing import Any, TypeVar
from unittest.mock import patch

T = TypeVar("T")


class JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting, moves the clock on."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        """What is ready now; the time that would have been waited is over."""
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "waits for what never comes"
            self.now += max(0.0, timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop on a jumping selector's clock."""

    def __init__(self) -> None:
        self.selector = JumpingSelector()
        super().__init__(self.selector)

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self.selector.now


def run_virtually(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that waits by timers alone."""
    loop = VirtualLoop()
    try:
        with patch.object(time, "monotonic", loop.time):
            return loop.run_until_complete(work)
    finally:
        loop.close()
