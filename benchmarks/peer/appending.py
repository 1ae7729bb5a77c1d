"""Baseline peer: one call after another, each row appended to a file."""

from __future__ import annotations

from functools import partial

from job import measure
from sequential import work

if __name__ == "__main__":
    measure(partial(work, rewrite=False))
