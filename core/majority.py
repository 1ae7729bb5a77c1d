"""Majority of votes: the side with most weight; any split is a tie.

The rule is symmetric in the voters and in the candidates: nobody's place breaks a tie.
`stats.juries.majority` is the same rule on arrays of codes, and a test says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from fellowship.records import Decision, Winner

Side = TypeVar("Side", Winner, Decision)

CLOSE: Final = 1e-9
"""Weights this near one another are the same: they are sums of floats."""


def winning_side(totals: Mapping[Side, float]) -> Side:
    """The side with most weight, of at least one; a tie where several have as much."""
    top = max(totals.values())
    leaders = [side for side, total in totals.items() if total >= top - CLOSE]
    return leaders[0] if len(leaders) == 1 else "tie"


def majority(votes: Iterable[Winner]) -> Winner:
    """What most of the readable votes name; "invalid" where none can be read."""
    totals: Counter[Winner] = Counter(vote for vote in votes if vote != "invalid")
    return winning_side(totals) if totals else "invalid"
