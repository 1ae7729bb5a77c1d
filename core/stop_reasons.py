"""Reasons why a run or a session stopped early, and the words that say so.

Whoever decides to stop records the reason; whoever shows or counts it reads the reason and
never the words.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class StopReason(StrEnum):
    """What stopped a run before its last row."""

    CALLS = "calls"
    TOKENS = "tokens"
    USD = "usd"
    USD_ON_THE_WAY = "usd-on-the-way"
    """What is spent is within the limit, but not with what batches may still cost."""
    UNKNOWN_COST = "unknown-cost"
    """There is a limit of USD, and a server does not say what its replies cost."""
    LIMIT = "limit"
    """A limit that whoever raised `BudgetStop` didn't name."""
    ACCEPTED = "accepted"
    INTERRUPTED = "interrupted"
    ENDPOINT_DOWN = "endpoint-down"
    ERROR = "error"

    @property
    def is_limit(self) -> bool:
        """Whether a limit of the recipe was reached."""
        return self in LIMITS

    @property
    def wants_larger_limit(self) -> bool:
        """Whether the run goes on only with a larger limit."""
        return self.is_limit and self not in (
            StopReason.USD_ON_THE_WAY,
            StopReason.UNKNOWN_COST,
        )


LIMITS = frozenset(
    {
        *(StopReason.CALLS, StopReason.TOKENS, StopReason.USD, StopReason.LIMIT),
        *(StopReason.USD_ON_THE_WAY, StopReason.UNKNOWN_COST, StopReason.ACCEPTED),
    }
)


class Stop(NamedTuple):
    """Why a run stops: the reason, and the same in words."""

    reason: StopReason
    why: str


class SessionStop(StrEnum):
    """What ended a session before its last round; `format` gives the words on record."""

    UNANIMOUS = "the blind vote was unanimous"
    UNUSABLE = "draft {round} {why}"
    UNCHANGED = "draft {round} changed nothing"
    WORSE = "the review score fell from {before:g} to {after:g}"
