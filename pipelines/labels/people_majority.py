"""Majority of a row's annotators; where they split, the row has no label.

A tie is what somebody said, never what two people who contradict one another come to: it
would be a class that nobody named. A voting rule of judges is another thing: there a split
makes no pair (`fellowship.majority`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from fellowship.records import Winner


def people_majority(votes: Iterable[Winner]) -> Winner:
    """What more annotators named than anything else; "invalid" without such a value."""
    leading = leaders(votes)
    return leading[0] if len(leading) == 1 else "invalid"


def is_split(votes: Iterable[Winner]) -> bool:
    """Whether annotators named several values equally often, and none more often."""
    return len(leaders(votes)) > 1


def leaders(votes: Iterable[Winner]) -> list[Winner]:
    """The values named most often, of the readable ones."""
    counts = Counter(vote for vote in votes if vote != "invalid")
    most = max(counts.values(), default=0)
    return [value for value, n in counts.items() if n == most]
