"""Waiting for something that happens, and not for ever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Return once the condition holds; an AssertionError after so many seconds."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "waited too long"
        await asyncio.sleep(0.02)


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """`until`, outside a loop."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "waited too long"
        time.sleep(0.02)
