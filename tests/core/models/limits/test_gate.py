"""What an endpoint is sent is decided by values without a clock: held to account here."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fellowship.models.limits.breaker import IN_A_ROW, Breaker
from fellowship.models.limits.deadlines import Deadlines
from fellowship.models.limits.gate import EndpointLimits, Gate
from fellowship.models.limits.pace import RateLimiter
from fellowship.models.limits.residency import ResidencyQueue, Ticket
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


@settings(max_examples=60, deadline=None)
@given(
    rpm=st.integers(1, 900),
    gaps=st.lists(st.floats(0, 3), min_size=50, max_size=300),
    delays=st.lists(st.floats(0, 0.5), min_size=50, max_size=50),
)
def test_no_minute_wherever_it_begins_holds_more_calls_than_allowed(
    rpm: int, gaps: list[float], delays: list[float]
) -> None:
    pace, now, arrived = RateLimiter(rpm, None), 0.0, []
    for n, gap in enumerate(gaps):
        now += gap * 60 / rpm
        while (wait := pace.wait(1, now)) > 0:
            now += wait
        pace.take(1, now)
        arrived.append(now + delays[n % 50])
    arrived.sort()
    most = max(sum(a <= b < a + 60 for b in arrived) for a in arrived)
    assert most <= rpm * 1.01


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(20, 400), min_size=100, max_size=300),
    tpm=st.integers(4_000, 40_000),
)
def test_tokens_keep_to_their_minute_and_use_most_of_it(
    sizes: list[int], tpm: int
) -> None:
    pace, now, sent = RateLimiter(None, tpm), 0.0, []
    for size in sizes:
        while (wait := pace.wait(size, now)) > 0:
            now += wait
        pace.take(size, now)
        sent.append((now, size))
    most = max(sum(s for b, s in sent if a <= b < a + 60) for a, _ in sent)
    assert most <= tpm * 1.01
    if now > 60:
        assert sum(sizes) / (now / 60) >= 0.8 * tpm


def test_what_was_expected_of_a_call_is_given_back_when_it_used_less() -> None:
    pace = RateLimiter(None, 6_000)
    pace.take(6_000, 0.0)
    long = pace.wait(100, 1.0)
    pace.correct(6_000, 50, 1.0)
    assert pace.wait(100, 1.0) < long / 50


def test_one_refused_connection_opens_the_breaker_and_one_reply_closes_it() -> None:
    breaker = Breaker(600)
    assert breaker.record_failure("m", "down", "nobody", 10.0)
    assert breaker.wait(10.0) > 0
    breaker.record_success("m")
    assert breaker.wait(10.0) == 0


def test_an_open_breaker_lets_one_call_look_and_waits_longer_each_time() -> None:
    breaker, now, waits = Breaker(600), 0.0, []
    breaker.record_failure("m", "down", "nobody", now)
    for _ in range(9):
        waits.append(breaker.wait(now))
        now += waits[-1]
        breaker.record_sent()
        assert breaker.wait(now) == float("inf")
        assert breaker.record_failure("m", "down", "nobody", now)
    assert all(a <= b <= 2 * a for a, b in pairwise(waits))
    assert waits[-1] == 30


def test_an_endpoint_is_given_up_after_its_patience_not_before() -> None:
    breaker, now = Breaker(patience=100), 0.0
    while not breaker.reason_given_up("m"):
        now += breaker.wait(now)
        breaker.record_sent()
        breaker.record_failure("m", "down", "nobody listens", now)
    assert 100 <= now <= 131
    assert "nobody listens" in breaker.reason_given_up("any other model")


def test_a_wrong_key_is_given_up_after_three_calls_and_for_its_model_alone() -> None:
    breaker = Breaker(600)
    for _ in range(3):
        assert not breaker.reason_given_up("m")
        assert breaker.record_failure("m", "missing", "no such model", 1.0)
        breaker.record_success("other")
    assert breaker.reason_given_up("m")
    assert not breaker.reason_given_up("other")


def test_a_request_that_breaks_its_server_uses_up_its_own_tries() -> None:
    breaker = Breaker(600)
    counted = [not breaker.record_failure("m", "server", "500", 1.0) for _ in range(20)]
    assert all(counted)


def test_an_overloaded_server_uses_up_nobodys_tries_once_it_is_known() -> None:
    breaker = Breaker(600)
    spared = [breaker.record_failure("m", "unavailable", "503", 1.0) for _ in range(20)]
    assert spared == [False] * (IN_A_ROW - 1) + [True] * (21 - IN_A_ROW)


def test_a_slow_model_is_given_its_time_and_a_fast_one_is_not_waited_for() -> None:
    slow, fast = Deadlines(floor=1.0), Deadlines(floor=1.0)
    for _ in range(20):
        slow.record_reply(100, 82.0)  # half a second a token
        fast.record_reply(100, 0.82)
    assert slow.seconds_for(1000) > 2 * 500
    assert fast.seconds_for(1000) < 60
    assert Deadlines(fixed=7.0).seconds_for(10_000) == 7.0


def test_a_missed_deadline_doubles_the_next_and_a_reply_forgives_it() -> None:
    deadlines = Deadlines(cold=100)
    deadlines.record_timeout()
    assert deadlines.seconds_for(10) == 200
    deadlines.record_reply(10, 1.0)
    assert deadlines.seconds_for(10) == 100


# -- whose model's turn it is --------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(
    arrivals=st.lists(
        st.tuples(st.sampled_from("abcd"), st.integers(0, 3)), max_size=250
    ),
    room=st.integers(1, 3),
    bound=st.integers(1, 9),
    slots=st.integers(1, 5),
)
def test_every_call_is_sent_and_nobody_is_passed_over_for_ever(
    arrivals: list[tuple[str, int]], room: int, bound: int, slots: int
) -> None:
    turns, now = ResidencyQueue(room, bound, linger=0.0), 0.0
    coming, air = deque(arrivals), deque[str]()
    sent = 0
    while coming or len(turns) or air:
        now += 1
        if coming:
            model, wait = coming.popleft()
            turns.add(Ticket(model))
            if wait:
                continue
        while len(air) < slots and (model := turns.next_turn(now).model) is not None:
            ahead = {m: len(q) for m, q in turns.waiting.items()}
            ticket = turns.pop_first(model, now)
            own = ahead[ticket.model]
            # Ahead of it: its own queue; and of others, a turn for each turn of its own.
            passed = sent - ticket.passed
            assert passed <= (own + ticket.order) + 4 * bound * (2 + ticket.order)
            assert len(turns.loaded) <= room
            assert all(m in turns.loaded for m in [*air, ticket.model])
            air.append(ticket.model)
            sent += 1
        if air and (len(air) == slots or not coming):
            turns.record_end(air.popleft(), now)
    assert sent == len(arrivals)


@given(st.integers(1, 40), st.integers(1, 6))
def test_a_call_waits_at_most_one_turn_of_every_other_model(
    flood: int, others: int
) -> None:
    """Models that always have calls waiting can't keep a single call out."""
    turns, now = ResidencyQueue(1, bound=flood, linger=0.0), 0.0
    busy = [f"m{n}" for n in range(others)]
    for model in busy:
        for _ in range(flood):
            turns.add(Ticket(model))
    turns.add(Ticket("quiet"))
    sent: list[str] = []
    while "quiet" not in sent:
        model = str(turns.next_turn(now).model)
        sent.append(turns.pop_first(model, now).model)
        turns.record_end(model, now)
        turns.add(Ticket(model))
        assert len(sent) <= (others + 1) * flood + 1


def test_swaps_grow_with_phases_not_with_sessions_times_turns() -> None:
    for sessions in (8, 64, 256):
        turns, now = ResidencyQueue(1, linger=0.0), 0.0
        steps = {session: deque("abababab") for session in range(sessions)}
        for todo in steps.values():
            turns.add(Ticket(todo[0], future=todo))
        while len(turns):
            model = turns.next_turn(now).model
            assert model is not None
            todo = turns.pop_first(model, now).future
            turns.record_end(model, now)
            todo.popleft()
            if todo:
                turns.add(Ticket(todo[0], future=todo))
        assert turns.swaps == 7


def test_a_model_lingers_for_the_next_call_of_the_same_session() -> None:
    turns = ResidencyQueue(1, linger=0.05)
    turns.add(Ticket("a"))
    turns.pop_first("a", 0.0)
    turns.record_end("a", 1.0)
    turns.add(Ticket("b"))
    assert turns.next_turn(1.0) == (None, 1.05)
    assert turns.next_turn(1.06).model == "b"


def test_without_a_limit_on_models_first_come_is_first_served() -> None:
    turns = ResidencyQueue()
    for model in "abca":
        turns.add(Ticket(model))
    order = [
        turns.pop_first(str(turns.next_turn(0.0).model), 0.0).model for _ in range(4)
    ]
    assert order == list("abca")
    assert Counter(order) == turns.in_flight


async def test_a_call_given_up_in_the_tick_another_comes_back_takes_no_place() -> None:
    gate = Gate(EndpointLimits("here", ceiling=1, start=1))
    first = await gate.enter("m", "m", 1, 1)
    waiting = [asyncio.create_task(gate.enter("m", "m", 1, 1)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    waiting[1].cancel()
    gate.record_cancelled(first)
    await asyncio.wait_for(waiting[2], 5)
    assert gate.in_flight == 1
    gate.record_cancelled(waiting[2].result())
    assert (gate.in_flight, len(gate.residency), len(gate._names)) == (0, 0, 0)


async def test_calls_given_up_in_the_tick_an_endpoint_is_given_up_are_just_gone() -> (
    None
):
    gate = Gate(EndpointLimits("here", ceiling=1, start=1, patience=0))
    held = await gate.enter("m", "m", 1, 1)
    waiting = asyncio.create_task(gate.enter("m", "m", 1, 1))
    await asyncio.sleep(0)
    waiting.cancel()
    for _ in range(IN_A_ROW):
        gate.breaker.record_failure("m", "auth", "no such key", 0.0)
    gate.record_cancelled(held)
    with pytest.raises(asyncio.CancelledError):
        await waiting
