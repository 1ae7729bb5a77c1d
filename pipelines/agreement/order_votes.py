"""Votes of each judge by reading order, and balance of systems over columns.

A position is worth something only where the same two answers were read both ways round; a
column that always holds the same system is that system, not a position.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from fellowship.records import Verdict, Winner
from fellowship.stats.codes import Codes, encode
from fellowship.teams.decisions import decide
from fellowship.teams.judge_verdicts import last_by_judge

BALANCED = 0.1
"""Most that systems may be apart over the columns, as a share of their rows."""


UNREAD: tuple[Winner, Winner] = ("invalid", "invalid")


def votes_in_order(verdicts: Iterable[Verdict]) -> dict[str, tuple[Winner, Winner]]:
    """What each judge said of a row's two answers, forward and swapped.

    Both are of the same candidates, "invalid" where an order is missing or unreadable.
    """
    found = {}
    for name, last in last_by_judge(verdicts).items():
        forward, swapped = (
            winner_of([v for v in last if v.order == order])
            for order in ("forward", "swapped")
        )
        found[name] = forward, swapped
    return found


def order_codes(
    rows: Sequence[dict[str, tuple[Winner, Winner]]], judges: Sequence[str]
) -> tuple[Codes, Codes]:
    """The votes of m judges on n rows by order, codes (n, m) each."""
    codes = [[row.get(name, UNREAD) for name in judges] for row in rows]
    forward, swapped = (
        np.stack([encode([vote[at] for vote in row]) for row in codes]) for at in (0, 1)
    )
    return forward, swapped


def winner_of(verdicts: Sequence[Verdict]) -> Winner:
    """The winner of one order's verdicts; of several that contradict, none."""
    winner = decide(verdicts)[0] if verdicts else "invalid"
    return "invalid" if winner == "order-inconsistent" else winner


def is_balanced(authors: Sequence[tuple[str, str]]) -> bool:
    """Whether every system is as often in the first column as in the second.

    `authors` (n,) are who wrote the two answers; rows by unknown authors or by one author
    twice do not count, and without any other there is no balance.
    """
    known = [(a, b) for a, b in authors if a and b and a != b]
    first, second = Counter(a for a, _ in known), Counter(b for _, b in known)
    apart = sum(abs(first[name] - second[name]) for name in first | second)
    return bool(known) and apart <= BALANCED * 2 * len(known)
