"""Ways in which the answers of a prompt meet before an evaluator, each with its facts.

`MEETINGS` has one entry for each `meet` of a recipe; `pairing.ranking.TOURNAMENTS` has what
holds those in which answers are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, get_args

from fellowship.registry_check import check_registry
from fellowship.teams.settings import Meet


class Meeting(NamedTuple):
    """How often an evaluator is asked of n answers, at least two, and what scores are.

    `averaged`: an answer's score is the mean over its comparisons; else it follows from
    the last comparison back. `alone`: each answer is scored once, and none is compared.
    `listed`: all are ranked in one reply, in several orders.
    """

    asked: Callable[[int], int]
    averaged: bool = False
    alone: bool = False
    listed: bool = False

    @property
    def pairwise(self) -> bool:
        """Whether an evaluator is asked of two answers at a time."""
        return not (self.alone or self.listed)


MEETINGS: Mapping[str, Meeting] = {
    "knockout": Meeting(lambda n: n - 1),
    "round-robin": Meeting(lambda n: n * (n - 1) // 2, averaged=True),
    "two-way": Meeting(lambda n: 1),
    "pointwise": Meeting(lambda n: n, averaged=True, alone=True),
    "listwise": Meeting(lambda n: 1, averaged=True, listed=True),
}
MEET_NAMES: tuple[str, ...] = get_args(get_args(Meet)[0])
check_registry("way to meet", MEET_NAMES, MEETINGS)
