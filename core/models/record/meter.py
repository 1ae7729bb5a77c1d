"""Budget meter: what a run has spent, over all of its processes, and when it must stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt

from fellowship.errors import BudgetStop
from fellowship.models.limits.wait_note import WaitNote
from fellowship.number_format import counted
from fellowship.number_format import usd as usd_text
from fellowship.records import Record
from fellowship.stop_reasons import Stop, StopReason
from fellowship.usage import Usage


class Limits(Record):
    """Where a run stops. None: no limit."""

    calls: NonNegativeInt | None = Field(default=None, description="calls to models")
    tokens: NonNegativeInt | None = Field(
        default=None, description="tokens, prompt and completion together"
    )
    usd: NonNegativeFloat | None = Field(default=None, description="US dollars")
    accept: PositiveInt | None = Field(
        default=None,
        description="rows that become pairs; exactly the first ones are kept",
    )


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
        usd, most = self.usd + self.held_usd + worst_usd, self.limits.usd
        if worst_usd and most is not None and usd > most:
            more = " with what submitted batches may cost"
            self._stop_at(most, StopReason.USD_ON_THE_WAY, usd_text(most), more)
        tokens = self.prompt_tokens + self.completion_tokens
        calls, limits = self.calls + self.in_flight, self.limits
        if limits.calls is not None and calls >= limits.calls:
            self._stop_at(limits.calls, StopReason.CALLS, counted(limits.calls, "call"))
        if limits.tokens is not None and tokens >= limits.tokens:
            said = counted(limits.tokens, "token")
            self._stop_at(limits.tokens, StopReason.TOKENS, said)
        if most is not None and self.usd >= most:
            self._stop_at(most, StopReason.USD, usd_text(most))

    def _stop_at(
        self, limit: float, reason: StopReason, words: str, counting: str = ""
    ) -> None:
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
        if self.limits.usd is not None:
            self.stop_for(
                StopReason.UNKNOWN_COST,
                f"model {model!r} does not report its token usage, so that nothing can be"
                f" held against the limit of {usd_text(self.limits.usd)}: limit the calls"
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
        self.unpriced += usd is None
