"""Long work that asks nobody says how far it is, on a terminal and nowhere else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fellowship.cli.terminal import console, on_a_terminal

EVERY = 0.2
"""Seconds between two signs of life."""


@contextmanager
def counting() -> Iterator[Callable[[str, int], None]]:
    """A function to tell what is being done and how much of it is."""
    if not on_a_terminal():
        yield lambda what, done: None
        return
    out = console(err=True)
    with out.status("") as status:
        last = 0.0

        def watch(what: str, done: int) -> None:
            nonlocal last
            if time.monotonic() - last >= EVERY:
                last = time.monotonic()
                status.update(f"{done:,} {what}")

        yield watch
