"""Decisions: what verdicts on a pair amount to.

Pure functions: the same verdicts, the same decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from fellowship.majority import CLOSE
from fellowship.records import Decision, Scores, Verdict, Winner


def swap_winner(winner: Winner) -> Winner:
    """The same winner when the two candidates change places."""
    if winner == "first":
        return "second"
    return "first" if winner == "second" else winner


def decide(verdicts: Sequence[Verdict]) -> tuple[Decision, Scores | None]:
    """The decision of one evaluator's verdicts on one pair, in all orders asked.

    Samples of one order are averaged first, the unreadable among them left out. An order
    with no readable verdict makes the whole invalid: what is left would be one order's
    opinion. Two orders that name different winners contradict one another, and a
    contradiction is not a win. Scores no further apart than the verdicts' `tie_band` tie,
    of an order as of the average, and both answers then have their mean.
    """
    read: list[list[Scores]] = []
    for order in ("forward", "swapped"):
        asked = [v for v in verdicts if v.order == order]
        if asked:
            read.append([verdict_scores(v) for v in asked if v.winner != "invalid"])
    if not read or not all(read):
        return "invalid", None
    given = [average_scores(scores) for scores in read]
    scores, band = average_scores(given), max([v.tie_band for v in verdicts])
    winners = {scores_in_band(each, band).winner for each in given}
    if {"first", "second"} <= winners:
        return "order-inconsistent", scores
    settled = scores_in_band(scores, band)
    return settled.winner, settled


def scores_in_band(scores: Scores, band: float) -> Scores:
    """Scores as they count: within a tie band both have their mean. No band: as given."""
    if not band or abs(scores.first - scores.second) > band + CLOSE:
        return scores
    level = mean([scores.first, scores.second])
    return Scores(first=level, second=level)


def average_scores(given: Sequence[Scores]) -> Scores:
    """The mean of scores; there must be one. Their order makes no difference."""
    if len(given) == 1:
        return given[0]
    return Scores(
        first=mean([scores.first for scores in given]),
        second=mean([scores.second for scores in given]),
    )


def mean(values: Sequence[float]) -> float:
    """The mean, in any order the same, and of equal values exactly that value."""
    if len(values) == 2:  # their sum is rounded once, as `fsum` has it
        one, other = values
        half = (one + other) / 2
        return min(max(half, min(one, other)), max(one, other))
    return min(max(fsum(values) / len(values), min(values)), max(values))


def verdict_scores(verdict: Verdict) -> Scores:
    """A verdict's scores; for a direct comparison 1 to the winner, a half each in a tie."""
    if verdict.scores is not None:
        return verdict.scores
    first = {"first": 1.0, "second": 0.0}.get(verdict.winner, 0.5)
    return Scores(first=first, second=1.0 - first)
