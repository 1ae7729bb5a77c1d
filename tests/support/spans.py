"""Spans of time in which any call was in flight."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hypothesis import strategies as st


def busy_time(calls: Sequence[tuple[float, float]]) -> float:
    """Seconds in which any call was in flight, from pairs of start and duration."""
    busy, until = 0.0, -math.inf
    for start, seconds in sorted(calls):
        end = start + seconds
        busy += max(0.0, end - max(start, until))
        until = max(until, end)
    return busy


SPANS = st.lists(
    st.tuples(st.floats(0, 50), st.floats(0.01, 9)), min_size=1, max_size=12
)
