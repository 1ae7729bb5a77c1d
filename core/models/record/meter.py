"""Budget meter: what a run has spent, over all of its processes, and when it must stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import Field

from fellowship.errors import BudgetStop
from fellowship.field_types import NonNegativeFloat, NonNegativeInt, PositiveInt
from fellowship.models.limits.wait_note import WaitNote
from fellowship.models.record.notes_tally import NotesTally
from fellowship.number_format import counted
from fellowship.number_format import usd as usd_text
from fellowship.settings import Settings
from fellowship.stop_reasons import Stop, StopReason
from fellowship.usage import Usage


class Limits(Settings):
    """Where a run stops. None: no limit."""

    calls: NonNegativeInt | None = Field(default=None, description="calls to models")
    tokens: NonNegativeInt | None = Field(
        default=None, description="tokens, prompt and completion together"
    )
    usd: NonNegativeFloat | None = Field(default=None, description="US dollars")
    usd_per_day: NonNegativeFloat | None = Field(
        default=None,
        description="US dollars of one day, from midnight to midnight UTC",
    )
    accept: PositiveInt | None = Field(
        default=None,
        description="rows that become pairs; exactly the first ones are kept",
    )

    @property
    def any_usd(self) -> float | None:
        """A limit in US dollars, if there is one: of the run, or of a day."""
        return self.usd if self.usd is not None else self.usd_per_day


ON_THE_WAY = " with what submitted batches may cost"
BESIDE = ", counting the runs beside this one"

DAY = 86_400.0
"""Seconds from one midnight UTC to the next, as Unix time counts them."""


@dataclass
class DaySpending:
    """US dollars spent on one day (UTC); zero again once another day has begun."""

    usd: float = 0.0
    clock: Callable[[], float] = time.time
    day: int = -1

    def today(self) -> float:
        """What was spent since the last midnight UTC."""
        day = int(self.clock() // DAY)
        if self.day != day:
            self.usd = 0.0 if self.day >= 0 else self.usd
            self.day = day
        return self.usd

    def add(self, usd: float) -> None:
        """Count what was spent now."""
        self.usd = self.today() + usd


@dataclass(frozen=True)
class SpentElsewhere:
    """What other runs have spent that the same limits hold for."""

    calls: int = 0
    tokens: int = 0
    usd: float = 0.0


@dataclass
class Meter:
    """Running totals. The ledger's sums come first, so a limit spans every resume."""

    limits: Limits
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float = 0.0
    unpriced: int = 0
    replayed: int = 0
    retries: int = 0
    in_flight: int = 0
    held_usd: float = 0.0
    """US dollars that calls on their way by batch may cost at the most."""
    stop: Stop | None = None
    """Why the run stops, once it does; the first reason stands."""
    cached_tokens: int = 0
    """Of the prompt tokens, those that the provider had read before."""
    unusable: int = 0
    """Of the calls, those whose reply was paid for and could not be used."""
    unusable_usd: float = 0.0
    day: DaySpending = field(default_factory=DaySpending)
    """What was spent today, by all goes at the run and by the runs beside it."""
    elsewhere: SpentElsewhere = SpentElsewhere()
    """What the runs beside it have spent of the same limits."""
    notes: NotesTally = field(default_factory=NotesTally)
    """The notes on the replies of this go."""
    endpoint_notes: list[Callable[[], WaitNote | None]] = field(default_factory=list)
    """Asked what calls wait for at each endpoint; None for nothing."""

    def stop_for(
        self, reason: StopReason, why: str, limit: float | None = None
    ) -> None:
        """Stop the run, unless it stops for another reason already."""
        self.stop = self.stop or Stop(reason, why, limit)

    def waiting_notes(self) -> list[WaitNote]:
        """What calls wait for now that is more than other calls."""
        return [note for ask in self.endpoint_notes if (note := ask())]

    def admit(self, worst_usd: float = 0.0) -> None:
        """Let one more call be sent, or raise `BudgetStop`.

        `worst_usd`: what it may cost, where many calls are on their way before the first
        comes back, so that what is spent would be known too late.
        """
        if self.stop is not None:
            raise BudgetStop(self.stop.why, self.stop.reason)
        self._admit_usd(worst_usd)
        limits, others = self.limits, self.elsewhere
        tokens = others.tokens + self.prompt_tokens + self.completion_tokens
        calls = others.calls + self.calls + self.in_flight
        if limits.calls is not None and calls >= limits.calls:
            self._stop_at(limits.calls, StopReason.CALLS, counted(limits.calls, "call"))
        if limits.tokens is not None and tokens >= limits.tokens:
            said = counted(limits.tokens, "token")
            self._stop_at(limits.tokens, StopReason.TOKENS, said)

    def _admit_usd(self, worst_usd: float) -> None:
        """Raise `BudgetStop` at the limit of all dollars, or of today's."""
        limits, held = self.limits, self.held_usd + worst_usd
        most, daily = limits.usd, limits.usd_per_day
        spent = self.elsewhere.usd + self.usd
        if worst_usd and most is not None and spent + held > most:
            self._stop_at(most, StopReason.USD_ON_THE_WAY, usd_text(most), ON_THE_WAY)
        if most is not None and spent >= most:
            self._stop_at(most, StopReason.USD, usd_text(most))
        if daily is None:
            return
        if (today := self.day.today()) >= daily:
            self._stop_at(
                daily, StopReason.USD_PER_DAY, f"{usd_text(daily)} a day (UTC)"
            )
        if worst_usd and today + held > daily:
            said = f"{usd_text(daily)} a day (UTC)"
            self._stop_at(daily, StopReason.USD_ON_THE_WAY, said, ON_THE_WAY)

    def _stop_at(
        self, limit: float, reason: StopReason, words: str, counting: str = ""
    ) -> None:
        counting += BESIDE * (self.elsewhere != SpentElsewhere())
        why = f"the limit of {words} is reached{counting}"
        self.stop_for(reason, why, limit)
        raise BudgetStop(why, reason)

    def add_unusable(self, usage: Usage, usd: float | None) -> None:
        """Count one reply that was paid for and could not be used."""
        self.add(usage, usd)
        self.unusable += 1
        self.unusable_usd += usd or 0.0

    def stop_for_unknown_cost(self, model: str) -> None:
        """Stop the run where a limit of USD stands and a reply's cost can't be known."""
        if (most := self.limits.any_usd) is not None:
            self.stop_for(
                StopReason.UNKNOWN_COST,
                f"model {model!r} does not report its token usage, so that nothing can be"
                f" held against the limit of {usd_text(most)}: limit the calls"
                " instead (--max-calls), or give the model `price: {prompt: 0,"
                " completion: 0}` if it costs nothing",
            )

    def add(self, usage: Usage, usd: float | None) -> None:
        """Count one reply that is on record."""
        self.calls += 1
        self.prompt_tokens += usage.prompt
        self.completion_tokens += usage.completion
        self.cached_tokens += usage.cached
        self.usd += usd or 0.0
        self.day.add(usd or 0.0)
        self.unpriced += usd is None
