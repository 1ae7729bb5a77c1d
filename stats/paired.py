"""Paired difference of two judges on the same prompts, and Holm's correction.

Features and statistics are those of `intervals`; everything is two-sided.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binomtest

from fellowship.stats.codes import DataError, Floats, as_finite
from fellowship.stats.intervals import (
    DEFAULT,
    Resampling,
    Statistic,
    cluster_sums,
    interval_of,
    resampled_values,
)


@dataclass(frozen=True)
class Difference:
    """One judge minus another on the same prompts, and its two-sided p-value.

    `p` is None where the limits are simultaneous: no test was asked for. `rows` are those
    that both were read on; `note` says why the limits are NaN, where they are.
    """

    value: float
    low: float
    high: float
    p: float | None
    clusters: int
    rows: int = 0
    note: str = ""


def paired_difference(
    a: ArrayLike,
    b: ArrayLike,
    statistic: Statistic,
    clusters: ArrayLike | None = None,
    plan: Resampling = DEFAULT,
) -> Difference:
    """statistic(a) - statistic(b) over the same rows, resampled together.

    `a` and `b` are features (n, ...) of one shape. p is the share of resampled
    differences at least as far from the estimate as the estimate is from 0, plus one
    (Efron and Tibshirani 1993, chapter 16; Davison and Hinkley 1997, 4.4).
    """
    both = _side_by_side(a, b)

    def gap(sums: Floats) -> Floats:
        return np.asarray(statistic(sums[:, 0]) - statistic(sums[:, 1]))

    sums = cluster_sums(both, clusters)
    value = float(gap(sums.sum(axis=0, keepdims=True))[0])
    spread = resampled_values(sums, gap, plan)[:, 0]
    found = interval_of(value, spread, None, len(sums), plan)
    far = np.abs(spread - value) >= abs(value)
    p = float((1 + far.sum()) / (1 + len(spread)))
    return Difference(value, found.low, found.high, p, len(sums), len(both), found.note)


def exact_mcnemar(
    a: ArrayLike, b: ArrayLike, clusters: ArrayLike | None = None
) -> tuple[float, int]:
    """Exact p-value that two judges are right equally often, and the rows it rests on.

    `a` and `b` (n,) are 1 where right, 0 where wrong, NaN where not read; a prompt counts
    once, for who is right on more of its rows (McNemar 1947; exact: the binomial).
    """
    gap = np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
    sums = np.sign(cluster_sums(np.nan_to_num(gap), clusters))
    more, less = int((sums > 0).sum()), int((sums < 0).sum())
    if more + less == 0:
        return 1.0, 0
    return float(binomtest(more, more + less).pvalue), more + less


def holm_adjusted(p: ArrayLike) -> Floats:
    """p-values (k,) adjusted for k tests by Holm's step-down rule (Holm 1979)."""
    given = as_finite(p, "p")
    if ((given < 0) | (given > 1)).any():
        raise DataError("p-values lie between 0 and 1")
    order = np.argsort(given, kind="stable")
    steps = given[order] * np.arange(len(given), 0, -1)
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted


def _side_by_side(a: ArrayLike, b: ArrayLike) -> Floats:
    """Two feature arrays side by side, (n, 2, ...)."""
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if first.shape != second.shape:
        raise DataError(f"paired features differ: {first.shape} and {second.shape}")
    return np.stack([first, second], axis=1)
