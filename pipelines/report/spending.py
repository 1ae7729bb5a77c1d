"""Spending of a run, by role and by model.

It is read off the recorded calls and never estimated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fellowship.ledger import USD, LedgerReader

UNUSABLE_ROLE = "replies that could not be used"
"""Stands in the place of a role for what was paid for in vain."""

SPENT = f"""
SELECT role, model, count(*), sum(prompt_tokens), sum(completion_tokens),
  sum(cached_tokens), {USD}, count(*) - count(usd), sum(seconds),
  sum(tries - 1)
FROM calls GROUP BY role, model ORDER BY role, model
"""
UNUSABLE = f"""
SELECT '{UNUSABLE_ROLE}', model, count(*), sum(prompt_tokens), sum(completion_tokens),
  sum(cached_tokens), {USD}, count(*) - count(usd), 0.0, 0
FROM unusable_replies GROUP BY model ORDER BY model
"""
FAILED = """
SELECT model, kind, count(*), max(message) FROM failures
GROUP BY model, kind ORDER BY count(*) DESC, model, kind
"""
SPAN = "SELECT min(started), max(started + seconds), sum(seconds) FROM calls"
TRIES = """
SELECT session, count(*) FROM failures
WHERE kind NOT IN ('cancelled', 'lost') GROUP BY session
"""


@dataclass(frozen=True)
class Spent:
    """Calls alike in role and model; `usd` is of those whose price is known."""

    role: str
    model: str
    calls: int
    prompt: int
    completion: int
    cached: int
    usd: float
    unpriced: int
    seconds: float
    retries: int

    @property
    def tokens(self) -> int:
        """Prompt and completion together."""
        return self.prompt + self.completion


@dataclass(frozen=True)
class Failed:
    """Tries that failed alike, with one of their messages."""

    model: str
    kind: str
    tries: int
    message: str


@dataclass(frozen=True)
class Spending:
    """All calls of a run. `began` and `ended` are Unix times, None without a call."""

    lines: tuple[Spent, ...]
    failed: tuple[Failed, ...]
    began: float | None
    ended: float | None
    busy: float

    def by(self, what: str) -> tuple[Spent, ...]:
        """The lines summed by `role` or by `model`, most tokens first."""
        names = dict.fromkeys(getattr(each, what) for each in self.lines)
        summed = [
            sum_spent(
                [x for x in self.lines if getattr(x, what) == name], **{what: name}
            )
            for name in names
        ]
        return tuple(sorted(summed, key=lambda each: (-each.tokens, each.role)))

    @property
    def whole(self) -> Spent:
        """Everything."""
        return sum_spent(self.lines)


def sum_spent(lines: Sequence[Spent], role: str = "", model: str = "") -> Spent:
    """The sum of lines, under the name they share."""
    return Spent(
        role=role,
        model=model,
        calls=sum(x.calls for x in lines),
        prompt=sum(x.prompt for x in lines),
        completion=sum(x.completion for x in lines),
        cached=sum(x.cached for x in lines),
        usd=sum(x.usd for x in lines),
        unpriced=sum(x.unpriced for x in lines),
        seconds=sum(x.seconds for x in lines),
        retries=sum(x.retries for x in lines),
    )


def spending(reader: LedgerReader) -> Spending:
    """What the calls of a run cost."""
    began, ended, busy = next(iter(reader.rows(SPAN)))
    lines = list(reader.rows(SPENT))
    if reader.has_unusable:
        lines += reader.rows(UNUSABLE)
    return Spending(
        lines=tuple(Spent(*row) for row in lines),
        failed=tuple(Failed(*row) for row in reader.rows(FAILED)),
        began=began,
        ended=ended,
        busy=busy or 0.0,
    )


def failed_tries(reader: LedgerReader) -> dict[str, int]:
    """Session -> its tries that failed, for those that had any."""
    return dict(reader.rows(TRIES))
