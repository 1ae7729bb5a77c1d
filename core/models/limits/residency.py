"""Queue of calls for a server that holds few models in memory.

Calls wait for their model's turn: while a loaded model has calls waiting they go first, so
that swaps grow with the phases of a run and not with its sessions. A turn ends after
`bound` calls if others wait, so nobody waits for ever. It decides; it never waits itself.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

BOUND = 512
"""Calls of one turn while calls of a model that is not loaded wait."""

LINGER = 0.05
"""Seconds a loaded model stays without work: a session's next call is often its own."""


@dataclass(eq=False, slots=True)
class Ticket:
    """One waiting call. `order` is its place among all calls that ever waited."""

    model: str
    tokens: float = 0.0
    order: int = 0
    passed: int = 0
    future: Any = None


class NextTurn(NamedTuple):
    """The model whose first waiting call goes now, else when to ask again, if ever."""

    model: str | None
    ask_again_at: float | None = None


@dataclass
class ResidencyQueue:
    """Waiting calls by model, and which models are loaded. `capacity` None: any number."""

    capacity: int | None = None
    bound: int = BOUND
    linger: float = LINGER
    waiting: dict[str, deque[Ticket]] = field(default_factory=dict)
    loaded: dict[str, float] = field(default_factory=dict)
    """Model -> when it last had a call in flight, as far as we know."""
    in_flight: Counter[str] = field(default_factory=Counter)
    swaps: int = 0
    _given: Counter[str] = field(default_factory=Counter)
    _orders: int = 0
    _served: int = 0

    def __len__(self) -> int:
        return sum(map(len, self.waiting.values()))

    def add(self, ticket: Ticket) -> None:
        """A call begins to wait."""
        self._orders += 1
        ticket.order, ticket.passed = self._orders, self._served
        self.waiting.setdefault(ticket.model, deque()).append(ticket)

    def remove(self, ticket: Ticket) -> None:
        """A call waits no longer."""
        self.waiting[ticket.model].remove(ticket)
        if not self.waiting[ticket.model]:
            del self.waiting[ticket.model]

    def next_turn(self, now: float) -> NextTurn:
        """The model whose turn it is; its first waiting call is to be sent."""
        if not self.waiting:
            return NextTurn(None)
        if self.capacity is None:
            return NextTurn(self._longest_waiting())
        outside = [m for m in self.waiting if m not in self.loaded]
        ready = [
            m
            for m in self.waiting
            if m in self.loaded and not self._turn_is_over(m, outside)
        ]
        if ready:
            return NextTurn(min(ready, key=self._oldest))
        if not outside:
            return NextTurn(None)
        if len(self.loaded) < self.capacity:
            return NextTurn(self._next(outside))
        return self._swap(outside, now)

    def _longest_waiting(self) -> str:
        """The model whose first call has waited longest."""
        if len(self.waiting) == 1:
            return next(iter(self.waiting))
        return min(self.waiting, key=self._oldest)

    def _turn_is_over(self, model: str, outside: list[str]) -> bool:
        """Whether a loaded model's turn is over: it had its share, and others wait."""
        return bool(outside) and self._given[model] >= self.bound

    def _swap(self, outside: list[str], now: float) -> NextTurn:
        idle = [m for m in self.loaded if not self.in_flight[m]]
        if not idle:
            return NextTurn(None)
        victim = min(idle, key=lambda m: (m in self.waiting, self.loaded[m]))
        rests = self.loaded[victim] + self.linger
        if victim not in self.waiting and now < rests:
            return NextTurn(None, rests)
        return NextTurn(self._next(outside))

    def _next(self, outside: list[str]) -> str:
        """The one most calls wait for, unless somebody was passed over for too long."""
        oldest = min(outside, key=self._oldest)
        if self._served - self.waiting[oldest][0].passed >= self.bound:
            return oldest
        return max(outside, key=lambda m: (len(self.waiting[m]), -self._oldest(m)))

    def _oldest(self, model: str) -> int:
        return self.waiting[model][0].order

    def first_waiting(self, model: str) -> Ticket:
        """The call of this model that has waited longest."""
        return self.waiting[model][0]

    def pop_first(self, model: str, now: float) -> Ticket:
        """Take that call out, to be sent; its model is loaded in another's place."""
        ticket = self.waiting[model].popleft()
        if not self.waiting[model]:
            del self.waiting[model]
        if self.capacity is not None:
            self._load(model, now)
        self.in_flight[model] += 1
        self._served += 1
        return ticket

    def _load(self, model: str, now: float) -> None:
        if model not in self.loaded:
            while len(self.loaded) >= (self.capacity or 1):
                idle = [m for m in self.loaded if not self.in_flight[m]]
                del self.loaded[
                    min(idle, key=lambda m: (m in self.waiting, self.loaded[m]))
                ]
                self.swaps += 1
            self._given[model] = 0
        self.loaded[model] = now
        others = any(m not in self.loaded for m in self.waiting)
        self._given[model] = self._given[model] + 1 if others else 0

    def record_end(self, model: str, now: float) -> None:
        """A call of this model is over."""
        self.in_flight[model] -= 1
        if model in self.loaded:
            self.loaded[model] = now
