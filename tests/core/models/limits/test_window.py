"""The window of calls in flight: grows to what a server works on, cut by refusals."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fellowship.models.limits.breaker import Breaker
from fellowship.models.limits.window import Window


def saturated(window: Window, slots: int, calls: int, service: float = 1.0) -> None:
    """A server that works on `slots` calls at once, asked as much as the window lets."""
    now, line = 0.0, deque[tuple[float, float]]()
    free = [0.0] * slots
    for _ in range(calls):
        while len(line) < window.limit:
            start = max(now, min(free))
            free[free.index(min(free))] = start + service
            line.append((now, start + service))
        line = deque(sorted(line, key=lambda pair: pair[1]))
        sent, now = line.popleft()
        window.record_reply("m", sent, now, 100, full=True)


@pytest.mark.parametrize("slots", [4, 16, 64])
def test_a_window_grows_to_what_the_server_works_on_and_little_further(
    slots: int,
) -> None:
    window = Window(ceiling=512)
    saturated(window, slots, 6000)
    assert slots <= window.limit <= 4 * slots


def test_a_window_reaches_its_ceiling_where_nothing_holds_it_back() -> None:
    window = Window(ceiling=100)
    saturated(window, 1000, 2000)
    assert window.limit == 100


def test_a_burst_of_refusals_cuts_once() -> None:
    window = Window(ceiling=64, limit=64)
    assert [window.record_refusal(sent, 10.0) for sent in (1.0, 2.0, 9.9)] == [
        True,
        False,
        False,
    ]
    assert window.limit == 44
    assert window.record_refusal(10.5, 11.0)


@given(st.lists(st.sampled_from(["server", "network", "unavailable"]), max_size=60))
def test_server_errors_never_shrink_a_window(kinds: list[Any]) -> None:
    window, breaker = Window(ceiling=64, limit=32), Breaker(600)
    for kind in kinds:
        breaker.record_failure("m", kind, "why", 1.0)
    assert window.limit == 32
