"""Selection of juries: number of independent judges, and the honest score of a best subset.

Votes are codes (n, m). Whatever was chosen on some rows is scored on others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from fellowship.stats.codes import (
    Codes,
    DataError,
    Floats,
    as_codes,
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
    scores = bag_scores(cluster_sums(features, clusters), statistic, plan)
    if not -scores.bag.shape[1] <= reference < scores.bag.shape[1]:
        raise DataError(f"reference {reference} is not one of {scores.bag.shape[1]}")
    return scores.best(reference)


@dataclass(frozen=True)
class BagScores:
    """Scores of k candidates: on all rows (k,), in bag (b, k) and out of bag (b, k)."""

    value: Floats
    bag: Floats
    rest: Floats

    def best(self, reference: int = 0) -> Best:
        """The best candidate, and what picking it in each resample is worth."""
        score = np.nan_to_num(self.value, nan=-np.inf)
        picks = np.nan_to_num(self.bag, nan=-np.inf).argmax(axis=1)
        rows, k = np.arange(len(picks)), self.bag.shape[1]
        return Best(
            index=int(score.argmax()),
            value=float(score.max()),
            in_bag=mean_without_nan(self.bag[rows, picks]),
            out_of_bag=mean_without_nan(self.rest[rows, picks]),
            reference_out_of_bag=mean_without_nan(self.rest[:, reference]),
            chosen=tuple((np.bincount(picks, minlength=k) / len(picks)).tolist()),
        )


def bag_scores(
    sums: Floats | csr_array,
    statistic: Statistic,
    plan: Resampling,
    pattern: NDArray[np.intp] | None = None,
    shape: tuple[int, ...] | None = None,
) -> BagScores:
    """Scores in and out of bag of candidates' sums (g, k, ...), a row per cluster.

    Sparse sums are (g, cells), whose `shape` (k, ...) is given. With `pattern`
    (clusters,) the sums are of g kinds of cluster and `pattern` says which kind each
    cluster is: the same figures from fewer rows. Memory is that of a few resamples at a
    time, whatever k is.
    """
    groups = sums.shape[0]
    flat = sums if isinstance(sums, csr_array) else sums.reshape(groups, -1)
    form = sums.shape[1:] if shape is None else shape
    clusters = groups if pattern is None else len(pattern)
    kinds = None
    if pattern is not None:
        ones, at = np.ones(clusters), np.arange(clusters)
        kinds = csr_array((ones, (pattern, at)), shape=(groups, clusters))

    def score(counts: Floats) -> Floats:
        many = counts if kinds is None else (kinds @ counts.T).T
        return statistic(np.asarray(many @ flat).reshape(-1, *form))

    inside, outside = [], []
    for counts in resample_counts(clusters, plan):
        inside.append(score(counts))
        outside.append(score((counts == 0).astype(np.float64)))
    value = score(np.ones((1, clusters)))[0]
    return BagScores(value, np.concatenate(inside), np.concatenate(outside))
