"""Agreement of rankings: Kendall's tau-b of a judge's order of answers and people's.

Both are known by their verdicts on pairs, which is all that tau-b needs: ties of either
side are left out of its own half of the denominator.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fellowship.stats.codes import INVALID, as_codes
from fellowship.stats.intervals import DEFAULT, Interval, Resampling
from fellowship.stats.rates import BIAS_RANGE, rate_interval

FEWEST = 3
"""Answers that make a ranking."""

RankedPair = tuple[Hashable, int, int]
"""Which ranking a pair is of, and its two answers by index."""


@dataclass(frozen=True)
class RankAgreement:
    """Mean tau-b over `rankings` of three answers or more, with limits by prompt.

    `pairs` are the pairs they were compared on. 1 is the same order, -1 the reverse.
    """

    tau_b: Interval
    rankings: int
    pairs: int


def tau_b(people: ArrayLike, judge: ArrayLike) -> float:
    """Kendall's tau-b from signs (n,) of all pairs: -1, 0, 1; NaN where one ties all.

    sum(p v) / sqrt(sum(p^2) sum(v^2)): Kendall 1945. With every pair of a ranking it is
    that of the two rankings.
    """
    one, two = np.asarray(people, float), np.asarray(judge, float)
    below = float(np.sqrt((one**2).sum() * (two**2).sum()))
    return float((one * two).sum() / below) if below else float("nan")


def rank_agreement(
    labels: ArrayLike,
    votes: ArrayLike,
    pairs: Sequence[RankedPair],
    clusters: Sequence[Hashable],
    plan: Resampling = DEFAULT,
) -> RankAgreement | None:
    """Mean tau-b of codes (n,) on pairs; None where no ranking has three answers.

    Pairs that either side could not decide are left out, and rankings that either ties
    throughout.
    """
    people, judge = as_codes(labels, "labels"), as_codes(votes)
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for at, (ranking, _, _) in enumerate(pairs):
        if people[at] != INVALID and judge[at] != INVALID:
            groups[ranking].append(at)
    values, names, used = [], [], 0
    for rows in groups.values():
        answers = {answer for at in rows for answer in pairs[at][1:]}
        value = tau_b(people[rows], judge[rows])
        if len(answers) >= FEWEST and not np.isnan(value):
            values.append(value)
            names.append(str(clusters[rows[0]]))
            used += len(rows)
    if not values:
        return None
    found = rate_interval(np.clip(values, -1, 1), names, plan, BIAS_RANGE)
    return RankAgreement(found, len(values), used)
