"""A run makes many small records that are gone in a moment: sweep for cycles rarely.

Python looks for reference cycles each time 700 more objects live than at the last look,
which with 64 rows in the air is many times a row, for nothing. Memory is freed by counts
all the same; what waits for the next sweep is what cycles hold.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

OBJECTS = 20_000
"""New objects between two sweeps: a few megabytes."""


@contextmanager
def relaxed_gc() -> Iterator[None]:
    """Sweep at `OBJECTS` inside, as before outside; a higher limit is left alone."""
    first, second, third = gc.get_threshold()
    if 0 < first < OBJECTS:
        gc.set_threshold(OBJECTS, second, third)
    try:
        yield
    finally:
        gc.set_threshold(first, second, third)
