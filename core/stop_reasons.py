"""Reasons why a run or a session stopped early, and the words that say so.

Whoever decides to stop records the reason; whoever shows or counts it reads the reason and
never the words.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from fellowship.registry_check import check_registry


class StopReason(StrEnum):
    """What stopped a run before its last row."""

    CALLS = "calls"
    TOKENS = "tokens"
    USD = "usd"
    USD_PER_DAY = "usd-per-day"
    """Today's limit of USD: the same command goes on after midnight UTC."""
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
        return KINDS[self].is_limit

    @property
    def wants_larger_limit(self) -> bool:
        """Whether the run goes on only with a larger limit."""
        return KINDS[self].wants_larger

    @property
    def option(self) -> str:
        """The option of `run` that sets this limit; empty where none does."""
        return KINDS[self].option


class StopKind(NamedTuple):
    """What a reason means for whoever wants to go on."""

    is_limit: bool = False
    wants_larger: bool = False
    option: str = ""


KINDS: Mapping[StopReason, StopKind] = {
    StopReason.CALLS: StopKind(True, True, "--max-calls"),
    StopReason.TOKENS: StopKind(True, True, "--max-tokens"),
    StopReason.USD: StopKind(True, True, "--max-usd"),
    StopReason.USD_PER_DAY: StopKind(True),
    StopReason.USD_ON_THE_WAY: StopKind(True),
    StopReason.UNKNOWN_COST: StopKind(True),
    StopReason.LIMIT: StopKind(True, True),
    StopReason.ACCEPTED: StopKind(True, True, "--accept"),
    StopReason.INTERRUPTED: StopKind(),
    StopReason.ENDPOINT_DOWN: StopKind(),
    StopReason.ERROR: StopKind(),
}
check_registry("reason to stop", StopReason, KINDS)


class Stop(NamedTuple):
    """Why a run stops: the reason, the same in words, and the limit if it is one."""

    reason: StopReason
    why: str
    limit: float | None = None


class SessionStop(StrEnum):
    """What ended a session before its last round; `format` gives the words on record."""

    UNANIMOUS = "the blind vote was unanimous"
    UNUSABLE = "draft {round} {why}"
    UNCHANGED = "draft {round} changed nothing"
    WORSE = "the review score fell from {before:g} to {after:g}"
    OWN_RULE = "the stop rule {rule} stopped it after draft {round}"
