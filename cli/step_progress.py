"""Progress of long work that asks no model.

It is shown on a terminal and nowhere else.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from fellowship.cli.terminal import console, is_terminal
from fellowship.number_format import duration, percent

EVERY = 0.2
"""Seconds between two signs of life."""

FEW = 0.01
"""The share of the whole from which a pace is one."""


class Steps(Protocol):
    """What long work calls with how far it is; `share` of the whole is 0 if unknown."""

    def __call__(self, what: str, done: int, share: float = 0.0) -> None: ...


def remaining_time(elapsed: float, share: float) -> str:
    """How long the rest will take at this pace; '' where nobody can tell yet."""
    if not FEW <= share <= 1:
        return ""
    return (
        f", {percent(share, 0)}, about {duration(elapsed * (1 - share) / share)} left"
    )


@contextmanager
def progress_counter() -> Iterator[Steps]:
    """A function to tell what is being done, how much of it is, and of which whole."""
    if not is_terminal():
        yield lambda what, done, share=0.0: None
        return
    out = console(err=True)
    with out.status("reading") as status:
        began = time.monotonic()
        last = 0.0

        def watch(what: str, done: int, share: float = 0.0) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= EVERY:
                last = now
                status.update(f"{done:,} {what}{remaining_time(now - began, share)}")

        yield watch
