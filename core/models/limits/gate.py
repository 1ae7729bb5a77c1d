"""Every call to an endpoint passes one gate, and the gate alone knows what it waits for.

What may go is decided by values without a clock (window, pace, breaker, turns); the gate
has the clock, the waiting calls and the loop, and asks them whenever something changed.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field

import structlog

from fellowship.errors import EndpointDown, ModelError
from fellowship.models.limits.breaker import IN_A_ROW, Breaker
from fellowship.models.limits.pace import MINUTE, Pace
from fellowship.models.limits.residency import BOUND, LINGER, ResidencyQueue, Ticket
from fellowship.models.limits.wait_note import WaitNote
from fellowship.models.limits.window import START, Window

log = structlog.get_logger("fellowship.models")


SHORTEST_HOLD, LONGEST_HOLD, GROWTH = 0.125, 1 / 12, 1.3
"""How long nothing goes after a refusal for pace that names no time of its own: at first
in seconds, at the most in minutes. It grows slowly: what a hold is too long by is lost of
a limit that is already there again."""


@dataclass(frozen=True)
class EndpointLimits:
    """What a recipe says of one endpoint. Seconds for times, calls for counts."""

    place: str
    ceiling: int = 64
    start: int = START
    rpm: float | None = None
    tpm: float | None = None
    patience: float = 600.0
    max_loaded: int | None = None
    minute: float = MINUTE
    kept: bool = False
    """Calls in the air outlive this process and are fetched by the next."""
    in_a_row: int = IN_A_ROW
    bound: int = BOUND
    linger: float = LINGER


@dataclass
class Expected:
    """Completion tokens of one model's replies, as far as they are known."""

    calls: int = 0
    mean: float = 0.0

    def of(self, longest: float) -> float:
        """Tokens to reckon with where a reply has at most `longest`."""
        return longest if self.calls < START else min(longest, self.mean)

    def add(self, tokens: float) -> None:
        """A reply had so many."""
        self.calls += 1
        self.mean += (tokens - self.mean) / min(self.calls, 20)


@dataclass
class Passage:
    """A call that was let through. It comes back once, to `Gate.back` or `failed`."""

    model: str
    resident: str
    tokens: float
    sent: float
    full: bool


@dataclass
class Gate:
    """Calls waiting for one endpoint and calls in its air. Made on the run's loop."""

    limits: EndpointLimits
    in_air: int = 0
    held: float = 0.0
    _bursts: int = 0
    _timer: asyncio.TimerHandle | None = None
    _names: dict[Ticket, str] = field(default_factory=dict)
    _expected: dict[str, Expected] = field(default_factory=dict)

    def __post_init__(self) -> None:
        limits = self.limits
        self.window = Window(limits.ceiling, limits.start)
        self.pace = Pace(limits.rpm, limits.tpm, limits.minute)
        self.breaker = Breaker(limits.patience, limits.in_a_row)
        self.turns = ResidencyQueue(limits.max_loaded, limits.bound, limits.linger)

    async def enter(
        self, model: str, resident: str, prompt: int, longest: int
    ) -> Passage:
        """Wait for a place. `EndpointDown` when none will ever be free.

        `resident` is what has to be loaded for this call; `prompt` and `longest` are the
        tokens it will read and may write.
        """
        expected = self._expected.setdefault(model, Expected())
        ticket = Ticket(resident, prompt + expected.of(longest))
        ticket.future = asyncio.get_running_loop().create_future()
        self._names[ticket] = model
        self.turns.join(ticket)
        self.pump()
        try:
            passage: Passage = await ticket.future
        except asyncio.CancelledError:
            if ticket.future.done() and not ticket.future.cancelled():
                if ticket.future.exception() is None:
                    self.dropped(ticket.future.result())
            else:
                self._forget(ticket)
            raise
        return passage

    def _forget(self, ticket: Ticket) -> None:
        if self._names.pop(ticket, None) is not None:
            self.turns.give_up(ticket)
            self.pump()

    # -- letting through -------------------------------------------------------------

    def pump(self) -> None:
        """Let through whoever may go; come back when the next one may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = time.monotonic()
        self._turn_away()
        while len(self.turns) and self.in_air < self._room():
            wait = max(self.breaker.wait(now), self.held - now)
            turn = self.turns.choose(now)
            if turn.again is not None:
                wait = max(wait, turn.again - now)
            if turn.model is not None:
                first = self.turns.first(turn.model)
                if first.future.done():  # cancelled, and not yet told so
                    self._names.pop(first)
                    self.turns.give_up(first)
                    continue
                wait = max(wait, self.pace.wait(first.tokens, now))
            if wait > 0 or turn.model is None:
                self._again(wait)
                break
            self._let_through(turn.model, now)

    def _room(self) -> int:
        return 1 if self.breaker.doubted else self.window.limit

    def _again(self, wait: float) -> None:
        if 0 < wait < float("inf"):
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(wait + 0.001, self.pump)

    def _let_through(self, resident: str, now: float) -> None:
        ticket = self.turns.send(resident, now)
        model = self._names.pop(ticket)
        self.in_air += 1
        self.pace.take(ticket.tokens, now)
        self.breaker.sent()
        full = self.in_air >= self.window.limit or len(self.turns) > 0
        passage = Passage(model, resident, ticket.tokens, now, full)
        ticket.future.set_result(passage)

    def _turn_away(self) -> None:
        if not self.breaker.gone:
            return
        for ticket, model in list(self._names.items()):
            if why := self.breaker.verdict(model):
                del self._names[ticket]
                self.turns.give_up(ticket)
                if not ticket.future.done():
                    ticket.future.set_exception(EndpointDown(why))

    # -- coming back -----------------------------------------------------------------

    def back(self, passage: Passage, prompt: int, completion: int) -> None:
        """A reply came, with the tokens it took."""
        now = time.monotonic()
        was, self._bursts = self.breaker.opened, 0
        self.breaker.answered(passage.model)
        self.window.answered(
            passage.model, passage.sent, now, completion, full=passage.full
        )
        self._expected.setdefault(passage.model, Expected()).add(completion)
        if was is not None:
            log.warning("back", endpoint=self.limits.place, after=round(now - was, 1))
        self._leave(passage, prompt + completion, now)

    def failed(self, passage: Passage, error: ModelError) -> bool:
        """A try failed. True: the endpoint is at fault, and the try does not count."""
        now = time.monotonic()
        was = self.breaker.opened
        model, why = passage.model, str(error)
        spared = self.breaker.failed(model, error.kind, why, now)
        if error.kind == "rate":
            self._hold(error.retry_after, self.window.refused(passage.sent, now), now)
        if was is None and self.breaker.opened is not None:
            log.info("paused", endpoint=self.limits.place, why=why)
        used = passage.tokens if error.kind == "deadline" else 0.0
        self._leave(passage, used, now)
        return spared

    def _hold(self, wish: float | None, burst: bool, now: float) -> None:
        """Let nothing through for as long as the provider options.

        Where it says nothing: for a moment, and a longer one after each further burst of
        refusals without a reply between.
        """
        if wish is None and burst:
            self._bursts += 1
            longest = min(
                LONGEST_HOLD * self.limits.minute, SHORTEST_HOLD * GROWTH**self._bursts
            )
            wish = random.uniform(longest / 2, longest)
        self.held = max(self.held, now + (wish or 0.0))

    def dropped(self, passage: Passage) -> None:
        """We called it back: what it used is not known."""
        self.breaker.dropped()
        self._leave(passage, passage.tokens, time.monotonic())

    def _leave(self, passage: Passage, used: float, now: float) -> None:
        self.in_air -= 1
        self.pace.settle(passage.tokens, used, now)
        self.turns.ended(passage.resident, now)
        self.pump()

    def note(self) -> WaitNote | None:
        """What calls wait for here that is not simply other calls; None for nothing."""
        now = time.monotonic()
        waiting = len(self.turns)
        if not waiting and self.breaker.opened is None:
            return None
        if self.breaker.opened is not None:
            left = self.breaker.look - now
            when = f"next look in {left:.0f} s" if left > 0.5 else "looking now"
            ends = max(left, self.breaker.opened + self.breaker.patience - now)
            what = f"paused, {when}, given up in {minutes(ends)}"
            return WaitNote(what, self.breaker.why, down=True)
        if self.held - now > 0.5:
            left = self.held - now
            why = f"the provider asked for a wait of {left:.0f} s"
            return WaitNote(self.limits.place, why)
        outside = [m for m in self.turns.waiting if m not in self.turns.loaded]
        if self.turns.room is not None and outside:
            calls = sum(len(self.turns.waiting[m]) for m in outside)
            names = ", ".join(sorted(outside))
            return WaitNote(f"{calls:,} calls wait for their model's turn", names)
        return None


def minutes(seconds: float) -> str:
    """A wait in the unit that fits it: 45 s, 9 min."""
    whole = max(0, round(seconds))
    return f"{whole} s" if whole < 120 else f"{whole // 60} min"
