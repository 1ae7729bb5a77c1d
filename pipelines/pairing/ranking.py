"""Tournaments of candidates and the scores they give: knockout, round robin, pointwise.

Knockout, as in the paper: the first two meet, then the survivor meets the next; a tie or
a contradiction leaves the one who was there. Its scores are anchored at the end: the
survivor has what it got in its last comparison, and each loser stands as far below the one
that beat it as the judge put it. So the winner has the highest score whatever the path.
Round robin: every two meet, and a score is the mean over a candidate's comparisons.
Two-way: the first two meet, and nobody else. Pointwise: nobody meets anybody; every
candidate is scored once, alone, and any two of these scores make a comparison. Listwise:
all are ranked in one reply, and any two places in it make a comparison.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Sequence

from fellowship.records import Comparison, Ranking
from fellowship.registry_check import check_registry
from fellowship.teams.decisions import mean
from fellowship.teams.meetings import MEETINGS

Compare = Callable[[int, int], Awaitable[Comparison]]


async def knockout(n: int, compare: Compare) -> Ranking:
    """Rank `n` candidates in n - 1 comparisons."""
    comparisons: list[Comparison] = []
    survivor = 0
    for challenger in range(1, n):
        comparison = await compare(survivor, challenger)
        comparisons.append(comparison)
        if comparison.outcome == "second":
            survivor = challenger
    return make_ranking(anchored_scores(n, comparisons), comparisons)


async def round_robin(n: int, compare: Compare) -> Ranking:
    """Rank `n` candidates in n (n - 1) / 2 comparisons."""
    comparisons = [await compare(a, b) for a, b in itertools.combinations(range(n), 2)]
    return make_ranking(mean_scores(n, comparisons), comparisons)


async def two_way(n: int, compare: Compare) -> Ranking:
    """Rank the first two of `n` candidates; the others get no score."""
    comparisons = [await compare(0, 1)]
    return make_ranking(anchored_scores(n, comparisons), comparisons)


def pointwise(n: int, compare: Callable[[int, int], Comparison]) -> Ranking:
    """Rank `n` candidates that were scored alone, or ranked together."""
    comparisons = [compare(a, b) for a, b in itertools.combinations(range(n), 2)]
    return make_ranking(mean_scores(n, comparisons), comparisons)


TOURNAMENTS = {"knockout": knockout, "round-robin": round_robin, "two-way": two_way}
check_registry(
    "tournament", [name for name, one in MEETINGS.items() if one.pairwise], TOURNAMENTS
)


def make_ranking(
    scores: Sequence[float | None], comparisons: Sequence[Comparison]
) -> Ranking:
    """The ranking with its winner: the highest score, the earlier candidate in a tie."""
    known = [(score, -i) for i, score in enumerate(scores) if score is not None]
    winner = -max(known)[1] if known else None
    return Ranking(scores=tuple(scores), winner=winner, comparisons=tuple(comparisons))


def anchored_scores(n: int, comparisons: Sequence[Comparison]) -> list[float | None]:
    """Knockout scores, worked out from the last comparison back to the first."""
    scores: list[float | None] = [None] * n
    for comparison in reversed(comparisons):
        given = comparison.scores
        if given is None or comparison.outcome in ("invalid", "order-inconsistent"):
            continue
        won = comparison.outcome == "second"
        stays, goes = comparison.first, comparison.second
        high, low = given.first, given.second
        if won:
            stays, goes, high, low = goes, stays, low, high
        base = scores[stays]
        if base is None:
            base = scores[stays] = high
        scores[goes] = base - (high - low)
    return scores


def mean_scores(n: int, comparisons: Sequence[Comparison]) -> list[float | None]:
    """Mean score of each candidate over the comparisons that gave it one."""
    given: list[list[float]] = [[] for _ in range(n)]
    for comparison in comparisons:
        if comparison.scores is not None:
            given[comparison.first].append(comparison.scores.first)
            given[comparison.second].append(comparison.scores.second)
    return [mean(marks) if marks else None for marks in given]
