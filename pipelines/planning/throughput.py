"""Throughput of a run: calls in flight at once.

A pilot begins and ends with few calls in flight; a long run hardly does. So its pace is
looked at three ways: over all of its time, in the busier half of it, and at the most.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple


class Pace(NamedTuple):
    """Calls in flight at once, while there was any: `mean` <= `busier` <= `most`."""

    mean: float
    busier: float
    most: float


def measure_pace(calls: Sequence[tuple[float, float]]) -> Pace:
    """The pace of calls, given as pairs of start and duration in seconds."""
    stretches = sorted(busy_stretches(calls), reverse=True)
    busy = sum(seconds for _, seconds in stretches)
    if not busy:
        return Pace(1.0, 1.0, 1.0)
    half, work = busy / 2, 0.0
    for many, seconds in stretches:
        taken = min(half, seconds)
        work, half = work + many * taken, half - taken
    whole = sum(many * seconds for many, seconds in stretches)
    return Pace(whole / busy, work / (busy / 2), float(stretches[0][0]))


def busy_stretches(calls: Sequence[tuple[float, float]]) -> list[tuple[int, float]]:
    """Calls in flight and for how many seconds, for each stretch with any."""
    events = [(start, 1) for start, took in calls if took > 0]
    events += [(start + took, -1) for start, took in calls if took > 0]
    events.sort()
    many, found = 0, []
    for (at, change), (then, _) in pairwise(events):
        many += change
        if many and then > at:
            found.append((many, then - at))
    return found
