"""Selection of juries: number of independent judges, and the honest score of a best subset.

Votes are codes (n, m). Whatever was chosen on some rows is scored on others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from fellowship.stats.codes import (
    FIRST,
    INVALID,
    SECOND,
    Codes,
    DataError,
    as_codes,
    check_aligned,
    mean_without_nan,
)
from fellowship.stats.intervals import (
    DEFAULT,
    Resampling,
    Statistic,
    cluster_sums,
    resample_counts,
)
from fellowship.stats.juries import majority


def n_eff(votes: ArrayLike, labels: ArrayLike) -> float:
    """How many independent judges m judges are worth, from 1 to m.

    m / (1 + (m - 1) r): Kish's design effect (Kish 1965, "Survey Sampling", 5.4), r the
    mean correlation of the judges' errors (wrong 1, right 0) over the rows where people
    name a winner and every vote is readable, not below 0. A judge with no error, or
    nothing else, correlates with nobody. NaN where no such row is left.
    """
    given, people = as_codes(votes, "votes", 2), as_codes(labels, "labels")
    check_aligned("votes", len(given), ("labels", len(people)))
    kept = np.isin(people, (FIRST, SECOND))
    kept &= (given != INVALID).all(axis=1)
    judges = given.shape[1]
    if not kept.any():
        return float("nan")
    wrong = (given[kept] != people[kept, None]).astype(np.float64)
    apart = wrong - wrong.mean(axis=0)
    size = np.sqrt((apart**2).sum(axis=0))
    unit = apart / np.where(size > 0, size, 1)
    together = unit.T @ unit
    mean = together[np.triu_indices(judges, 1)].mean() if judges > 1 else 0.0
    return float(judges / (1 + (judges - 1) * max(0.0, float(mean))))


def jury_subsets(
    judges: int, sizes: Sequence[int] | None = None
) -> list[tuple[int, ...]]:
    """Every jury of `judges` judges by column; sizes 2 to all of them by default."""
    chosen = range(2, judges + 1) if sizes is None else sizes
    return [jury for size in chosen for jury in combinations(range(judges), size)]


def jury_majorities(votes: ArrayLike, juries: Sequence[tuple[int, ...]]) -> Codes:
    """The majority of each jury (columns of votes), codes (n, number of juries)."""
    given = as_codes(votes, "votes", 2)
    if not juries:
        raise DataError("no jury to ask")
    return np.stack([majority(given[:, list(jury)]) for jury in juries], axis=1)


@dataclass(frozen=True)
class Best:
    """The best of k by its score, and what picking a best is worth.

    `value` is its score on all rows; `in_bag` and `out_of_bag` the mean score of each
    resample's own best, on the rows that chose it and on those left out;
    `reference_out_of_bag` the same rows' score for the named reference; `chosen` how
    often each of the k won (k,), summing to 1.
    """

    index: int
    value: float
    in_bag: float
    out_of_bag: float
    reference_out_of_bag: float
    chosen: tuple[float, ...]


def best_of(
    features: ArrayLike,
    statistic: Statistic,
    clusters: ArrayLike | None = None,
    plan: Resampling = DEFAULT,
    reference: int = 0,
) -> Best:
    """The best of k candidates, and its honest score: choose in bag, score out of bag.

    `features` (n, k, ...) as in `intervals`, `statistic` of sums (b, k, ...) gives
    (b, k), higher is better. Out of bag as in Breiman 1996; NaN never wins.
    """
    sums = cluster_sums(features, clusters)
    flat, shape = sums.reshape(len(sums), -1), sums.shape[1:]
    if len(shape) < 1 or not -shape[0] <= reference < shape[0]:
        raise DataError(f"reference {reference} is not one of the candidates {shape}")
    inside, outside = [], []
    for counts in resample_counts(len(sums), plan):
        inside.append(statistic((counts @ flat).reshape(-1, *shape)))
        left = (counts == 0).astype(np.float64)
        outside.append(statistic((left @ flat).reshape(-1, *shape)))
    bag, rest = np.concatenate(inside), np.concatenate(outside)
    score = np.nan_to_num(statistic(sums.sum(axis=0, keepdims=True))[0], nan=-np.inf)
    picks = np.nan_to_num(bag, nan=-np.inf).argmax(axis=1)
    rows = np.arange(len(picks))
    return Best(
        index=int(score.argmax()),
        value=float(score.max()),
        in_bag=mean_without_nan(bag[rows, picks]),
        out_of_bag=mean_without_nan(rest[rows, picks]),
        reference_out_of_bag=mean_without_nan(rest[:, reference]),
        chosen=tuple((np.bincount(picks, minlength=shape[0]) / len(picks)).tolist()),
    )
