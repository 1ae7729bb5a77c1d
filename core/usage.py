"""Token usage of one call, as its provider counted it."""

from __future__ import annotations

import msgspec

MOST_TOKENS = 2**40
"""Tokens no call can have: far beyond any context, far below what a ledger can add up."""


class Usage(msgspec.Struct, frozen=True):
    """Tokens of one call, as the provider counted them.

    `thinking` are those of `completion` that were thought, None where nobody says.
    `estimated`: the provider counted nothing, and these are guesses by the texts' length.
    """

    prompt: int = 0
    completion: int = 0
    cached: int = 0
    thinking: int | None = None
    estimated: bool = False
    cache_written: int = 0
    """Tokens of `prompt` that the provider wrote to its cache."""

    @property
    def is_possible(self) -> bool:
        """Whether a call can have such counts: one below 0 would make a run cheaper."""
        whole = type(self.prompt) is type(self.completion) is type(self.cached) is int
        return whole and (
            0 <= self.cached <= self.prompt < MOST_TOKENS
            and 0 <= self.completion < MOST_TOKENS
        )


UNKNOWN_USAGE = Usage(estimated=True)
"""The usage of a reply that reports none, before anybody has made an estimate."""
