"""Gate of an endpoint: the queue of calls that wait for its limits.

What may go is decided by values without a clock (window, rate limiter, circuit breaker,
residency); the gate has the clock, the waiting calls and the loop, and asks them whenever
something changed.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field

import structlog

from fellowship.errors import EndpointDown, Failure, ModelError
from fellowship.models.limits.breaker import IN_A_ROW, Breaker
from fellowship.models.limits.rate_limiter import MINUTE, RateLimiter
from fellowship.models.limits.residency import BOUND, LINGER, ResidencyQueue, Ticket
from fellowship.models.limits.wait_note import WaitNote
from fellowship.models.limits.window import START, Window
from fellowship.number_format import counted, duration

log = structlog.get_logger("fellowship.models")


SHORTEST_HOLD, LONGEST_HOLD, GROWTH = 0.125, 1 / 12, 1.3
"""How long nothing goes after a refusal for pace that names no time of its own: at first
in seconds, at the most in minutes. It grows slowly: what a hold is too long by is lost of
a limit that is already there again."""


QUOTA_WAITS = 3
"""Waits that a provider named for a used-up quota, after which it is one."""

LONGEST_ASKED = 900.0
"""Seconds a provider may ask us to wait; who asks for more is out of quota."""


@dataclass(frozen=True)
class EndpointLimits:
    """Limits of one endpoint. Seconds for times, calls for counts."""

    endpoint: str
    ceiling: int = 64
    start: int = START
    rpm: float | None = None
    tpm: float | None = None
    patience: float = 600.0
    max_loaded: int | None = None
    minute: float = MINUTE
    outlives_process: bool = False
    """Calls in flight outlive this process and are fetched by the next."""
    in_a_row: int = IN_A_ROW
    bound: int = BOUND
    linger: float = LINGER


@dataclass
class ReplyLengths:
    """Completion tokens of one model's replies: their running mean."""

    calls: int = 0
    mean: float = 0.0

    def estimate(self, longest: float) -> float:
        """Tokens to expect of a reply that has at most `longest`."""
        return longest if self.calls < START else min(longest, self.mean)

    def add(self, tokens: float) -> None:
        """A reply had so many."""
        self.calls += 1
        self.mean += (tokens - self.mean) / min(self.calls, 20)


@dataclass
class Permit:
    """An admitted call. It is given back once, by one of the gate's `record_` methods."""

    model: str
    resident: str
    tokens: float
    sent: float
    full: bool


@dataclass
class Gate:
    """Calls that wait for one endpoint, and those in flight. Made on the run's loop."""

    limits: EndpointLimits
    in_flight: int = 0
    held_until: float = 0.0
    asked_wait: float = 0.0
    """Seconds of the wait that the provider asked for itself; 0 for one of ours."""
    _quota_strikes: int = 0
    _bursts: int = 0
    _timer: asyncio.TimerHandle | None = None
    _names: dict[Ticket, str] = field(default_factory=dict)
    _lengths: dict[str, ReplyLengths] = field(default_factory=dict)

    def __post_init__(self) -> None:
        limits = self.limits
        self.window = Window(limits.ceiling, limits.start)
        self.rate_limiter = RateLimiter(limits.rpm, limits.tpm, limits.minute)
        self.breaker = Breaker(limits.patience, limits.in_a_row)
        self.residency = ResidencyQueue(limits.max_loaded, limits.bound, limits.linger)

    async def enter(
        self, model: str, resident: str, prompt: int, longest: int
    ) -> Permit:
        """Wait until the call may be sent, as `join` and `wait` say."""
        return await self.wait(self.join(model, resident, prompt, longest))

    def join(self, model: str, resident: str, prompt: int, longest: int) -> Ticket:
        """Have a call wait for its turn: its `future` is done if that has come.

        `resident` is what has to be loaded for this call; `prompt` and `longest` are the
        tokens it will read and may write.
        """
        lengths = self._lengths_of(model)
        ticket = Ticket(resident, prompt + lengths.estimate(longest))
        ticket.future = asyncio.get_running_loop().create_future()
        self._names[ticket] = model
        self.residency.add(ticket)
        self.admit_waiting()
        return ticket

    def _lengths_of(self, model: str) -> ReplyLengths:
        lengths = self._lengths.get(model)
        if lengths is None:
            lengths = self._lengths[model] = ReplyLengths()
        return lengths

    async def wait(self, ticket: Ticket) -> Permit:
        """The call's permit, once its turn comes. `EndpointDown` when it never does."""
        try:
            permit: Permit = await ticket.future
        except asyncio.CancelledError:
            if ticket.future.done() and not ticket.future.cancelled():
                if ticket.future.exception() is None:
                    self.record_cancelled(ticket.future.result())
            else:
                self._forget(ticket)
            raise
        return permit

    def _forget(self, ticket: Ticket) -> None:
        if self._names.pop(ticket, None) is not None:
            self.residency.remove(ticket)
            self.admit_waiting()

    # -- letting through -------------------------------------------------------------

    def admit_waiting(self) -> None:
        """Admit the calls that may go; set a timer for the next one."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self.residency.waiting:
            return
        now = time.monotonic()
        self._reject_given_up()
        while self.residency.waiting and self.in_flight < self._limit():
            wait = max(self.breaker.wait(now), self.held_until - now)
            turn = self.residency.next_turn(now)
            if turn.ask_again_at is not None:
                wait = max(wait, turn.ask_again_at - now)
            if turn.model is not None:
                first = self.residency.first_waiting(turn.model)
                if first.future.done():  # cancelled, and not yet told so
                    self._names.pop(first)
                    self.residency.remove(first)
                    continue
                wait = max(wait, self.rate_limiter.wait(first.tokens, now))
            if wait > 0 or turn.model is None:
                self._schedule(wait)
                break
            self._admit(turn.model, now)

    def _limit(self) -> int:
        return 1 if self.breaker.is_suspect else self.window.limit

    def _schedule(self, wait: float) -> None:
        if 0 < wait < float("inf"):
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(wait + 0.001, self.admit_waiting)

    def _admit(self, resident: str, now: float) -> None:
        ticket = self.residency.pop_first(resident, now)
        model = self._names.pop(ticket)
        self.in_flight += 1
        self.rate_limiter.take(ticket.tokens, now)
        self.breaker.record_sent()
        full = self.in_flight >= self.window.limit or bool(self.residency.waiting)
        permit = Permit(model, resident, ticket.tokens, now, full)
        ticket.future.set_result(permit)

    def _reject_given_up(self) -> None:
        if not self.breaker.given_up:
            return
        for ticket, model in list(self._names.items()):
            if why := self.breaker.reason_given_up(model):
                del self._names[ticket]
                self.residency.remove(ticket)
                if not ticket.future.done():
                    ticket.future.set_exception(EndpointDown(why))

    # -- coming back -----------------------------------------------------------------

    def record_reply(self, permit: Permit, prompt: int, completion: int) -> None:
        """A reply came, with the tokens it took."""
        now = time.monotonic()
        was, self._bursts, self._quota_strikes = self.breaker.opened_at, 0, 0
        self.breaker.record_success(permit.model)
        self.window.record_reply(
            permit.model, permit.sent, now, completion, full=permit.full
        )
        self._lengths_of(permit.model).add(completion)
        if was is not None:
            log.warning(
                "back", endpoint=self.limits.endpoint, after=round(now - was, 1)
            )
        self._release(permit, prompt + completion, now)

    def record_failure(self, permit: Permit, error: ModelError) -> bool:
        """A try failed. True: the endpoint is at fault, and the try does not count."""
        now = time.monotonic()
        was = self.breaker.opened_at
        model, why = permit.model, str(error)
        kind = error.kind
        if kind == "quota" and error.retry_after:
            kind = self._quota_or_rate(permit, error.retry_after, now)
        free_retry = self.breaker.record_failure(model, kind, why, now)
        if kind == "rate":
            self._hold(
                error.retry_after, self.window.record_refusal(permit.sent, now), now
            )
        if was is None and self.breaker.opened_at is not None:
            log.warning(
                "paused",
                endpoint=self.limits.endpoint,
                why=why,
                given_up_in=duration(self.limits.patience),
                shorten_by="patience: SECONDS under the model",
            )
        used = permit.tokens if error.kind == "deadline" else 0.0
        self._release(permit, used, now)
        return free_retry

    def _quota_or_rate(self, permit: Permit, wait: float, now: float) -> Failure:
        """What a used-up quota is that names a wait: a pace, until waiting was in vain.

        Gemini words both alike. Calls sent before the wait was known say nothing new.
        """
        if wait > LONGEST_ASKED:
            return "quota"
        self._quota_strikes += permit.sent >= self.held_until
        return "quota" if self._quota_strikes > QUOTA_WAITS else "rate"

    def _hold(self, wait: float | None, burst: bool, now: float) -> None:
        """Admit nothing for as long as the provider asks.

        Where it does not say: for a moment, and a longer one after each further burst of
        refusals without a reply between.
        """
        if wait is None and burst:
            self._bursts += 1
            longest = min(
                LONGEST_HOLD * self.limits.minute, SHORTEST_HOLD * GROWTH**self._bursts
            )
            wait = random.uniform(longest / 2, longest)
            asked = 0.0
        else:
            asked = wait or 0.0
        if now + (wait or 0.0) > self.held_until:
            self.held_until, self.asked_wait = now + (wait or 0.0), asked

    def record_cancelled(self, permit: Permit) -> None:
        """We cancelled the call: how many tokens it used is not known."""
        self.breaker.record_cancelled()
        self._release(permit, permit.tokens, time.monotonic())

    def _release(self, permit: Permit, used: float, now: float) -> None:
        self.in_flight -= 1
        self.rate_limiter.correct(permit.tokens, used, now)
        self.residency.record_end(permit.resident, now)
        self.admit_waiting()

    def status_note(self) -> WaitNote | None:
        """What calls wait for here that is not simply other calls; None for nothing."""
        now = time.monotonic()
        waiting = len(self.residency)
        if not waiting and self.breaker.opened_at is None:
            return None
        if self.breaker.opened_at is not None:
            left = self.breaker.next_probe - now
            when = f"next look in {duration(left)}" if left > 0.5 else "looking now"
            ends = max(left, self.breaker.opened_at + self.breaker.patience - now)
            what = f"paused, {when}, given up in {duration(ends)}"
            return WaitNote(what, self.breaker.why, down=True)
        if self.held_until - now > 0.5:
            again = duration(self.held_until - now)
            why = f"too many requests, no wait named: next call in {again}"
            if self.asked_wait:
                asked = duration(self.asked_wait)
                why = f"the provider asked for a wait of {asked}: next call in {again}"
            return WaitNote(self.limits.endpoint, why)
        outside = [m for m in self.residency.waiting if m not in self.residency.loaded]
        if self.residency.capacity is not None and outside:
            calls = sum(len(self.residency.waiting[m]) for m in outside)
            names = ", ".join(sorted(outside))
            return WaitNote(
                f"{counted(calls, 'call')} wait for their model's turn", names
            )
        return None
