"""Whose model's turn it is on a server that holds few."""

from __future__ import annotations

from collections import Counter, deque

from hypothesis import given, settings
from hypothesis import strategies as st

from fellowship.models.limits.residency import ResidencyQueue, Ticket


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
