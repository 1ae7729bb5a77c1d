"""Biases of a judge: to a position, a length, a style or its own family (self-preference).

Every bias runs from -1 to 1: the share of verdicts given for the trait alone. It is
conditional on people's label, since errors that fall on both sides alike are no bias.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fellowship.stats.codes import (
    INVALID,
    DataError,
    Floats,
    as_codes,
    as_finite,
    check_aligned,
)
from fellowship.stats.intervals import (
    DEFAULT,
    MIN_CLUSTERS,
    Interval,
    Resampling,
    cluster_index,
    cluster_sums,
    too_few,
)
from fellowship.stats.rates import BIAS_RANGE, combine, rate_interval


@dataclass(frozen=True)
class PositionBias:
    """The bias for the answer read first, from both orders.

    `bias` is the preference for the first slot: the share of verdicts for that
    place, less those it gives for the other. `changed` is the share of rows where the
    two orders differ (`contradicted` its value): a judge that takes the first place in
    half of its rows and the second in the rest has no bias and is changed throughout.
    """

    bias: Interval
    changed: Interval
    readable: int

    @property
    def contradicted(self) -> float:
        """The share of rows, 0 to 1, where the two orders differ."""
        return self.changed.value


def position_bias_of(
    forward: ArrayLike,
    swapped: ArrayLike,
    clusters: ArrayLike | None = None,
    plan: Resampling = DEFAULT,
) -> PositionBias:
    """Position bias from verdicts (n,) in both orders.

    Both are codes of the *same* candidates (+1: the one the case names first), whatever
    was read first, so bias = mean((forward - swapped) / 2): the content cancels, as in
    the swap design of Zheng et al. 2023 (arXiv 2306.05685, 4.1). Rows INVALID in either
    order are left out. DataError if none is left.
    """
    one, two = as_codes(forward, "forward"), as_codes(swapped, "swapped")
    check_aligned("forward", len(one), ("swapped", len(two)))
    kept = (one != INVALID) & (two != INVALID)
    if not kept.any():
        raise DataError("no row was readable in both orders")
    half_difference = np.where(kept, (one - two) / 2, np.nan)
    differ = np.where(kept, one != two, np.nan)
    return PositionBias(
        bias=rate_interval(half_difference, clusters, plan, BIAS_RANGE),
        changed=rate_interval(differ, clusters, plan),
        readable=int(kept.sum()),
    )


@dataclass(frozen=True)
class SideBias:
    """A judge's bias to one side, conditional on people's label, over `rows`.

    `with_people` counts the rows where people side with the trait, `against_people`
    those where they side against it; NaN with a note where either is 0, for then noise
    and bias can't be told apart.
    """

    bias: Interval
    rows: int
    with_people: int
    against_people: int


def side_bias(
    verdicts: ArrayLike,
    labels: ArrayLike,
    side: ArrayLike,
    clusters: ArrayLike | None = None,
    plan: Resampling = DEFAULT,
) -> SideBias:
    """How far a judge sides with a trait, whatever people say.

    `side` (n,) is +1 where the first candidate has the trait, -1 where the second has,
    0 where neither or both do. With v the verdict and y the label, both times `side`,
    the bias is half of E[v | y = 1] + E[v | y = -1], and E[v | y = 0] for the share of
    rows that people tie. A judge that errs alike on both sides has 0, one that takes the
    trait with chance b and else says the label has b. It assumes that errors are as
    frequent on either side but for the bias. DataError if no row has a side.
    """
    given = as_codes(verdicts).astype(np.float64)
    return mean_side_bias(
        np.where(given == INVALID, np.nan, given), labels, side, clusters, plan
    )


def mean_side_bias(
    values: ArrayLike,
    labels: ArrayLike,
    side: ArrayLike,
    clusters: ArrayLike | None = None,
    plan: Resampling = DEFAULT,
) -> SideBias:
    """As `side_bias`, of values (n,) from -1 to 1: means of a row's several verdicts."""
    judge, people, where = _against_people(values, labels, side)
    there = where != 0
    value, truth = judge * where, people * where
    groups = None if clusters is None else np.asarray(clusters)
    strata = [there & (truth == code) for code in (1, -1, 0)]
    counts = [int(s.sum()) for s in strata]
    return SideBias(
        _conditional(value, strata, groups, plan), sum(counts), counts[0], counts[1]
    )


def _conditional(
    value: Floats,
    strata: list[NDArray[np.bool_]],
    groups: NDArray[np.generic] | None,
    plan: Resampling,
) -> Interval:
    """The mean over people's two sides, ties by their share, of values (n,)."""
    counts = np.array([s.sum() for s in strata], dtype=np.float64)
    if not counts[0] or not counts[1]:
        why = "people always side " + ("against it" if counts[1] else "with it")
        return Interval(np.nan, np.nan, np.nan, 0, plan.level, note=why)
    tied = counts[2] / counts.sum()
    weights = np.array([(1 - tied) / 2, (1 - tied) / 2, tied])
    parts = [
        (
            float(w),
            rate_interval(np.where(s, value, np.nan), groups, plan, BIAS_RANGE, 2),
        )
        for w, s in zip(weights, strata, strict=True)
        if w > 0
    ]
    inflate, prompts = _widening_by_prompts(value, strata, weights, groups)
    if prompts < min(MIN_CLUSTERS, int(counts.sum())):
        parts = [
            (w, replace(p, low=np.nan, high=np.nan, note=too_few(prompts)))
            for w, p in parts
        ]
    return replace(combine(parts, inflate), clusters=prompts)


def _widening_by_prompts(
    value: Floats,
    strata: list[NDArray[np.bool_]],
    weights: Floats,
    groups: NDArray[np.generic] | None,
) -> tuple[float, int]:
    """How much prompts that lie in several strata widen the interval; the prompts."""
    used = np.any(strata, axis=0)
    names = None if groups is None else groups[used]
    prompts = cluster_index(int(used.sum()), names)[1]
    parts = np.zeros((len(value), len(strata)))
    for k, (rows, weight) in enumerate(zip(strata, weights, strict=True)):
        if rows.any():
            parts[rows, k] = weight * (value[rows] - value[rows].mean()) / rows.sum()
    sums = cluster_sums(parts[used], names)
    alone = float((sums**2).sum())
    together = float((sums.sum(axis=1) ** 2).sum())
    return max(1.0, (together / alone) ** 0.5) if alone > 0 else 1.0, prompts


def longer_side(lengths: ArrayLike) -> Floats:
    """The side (n,) of the longer candidate, from lengths (n, 2) in any one unit.

    `side_bias(verdicts, labels, longer_side(lengths))` is the length bias beyond people's.
    """
    both = as_finite(lengths, "lengths", 2)
    if both.shape[1] != 2:
        raise DataError(f"lengths must be (n, 2), not {both.shape}")
    return np.sign(both[:, 0] - both[:, 1])


def _against_people(
    values: ArrayLike, labels: ArrayLike, side: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Values, labels and sides (n,), the side 0 where a value or a label is missing."""
    judge = np.asarray(values, dtype=np.float64)
    people, where = as_codes(labels, "labels"), as_finite(side, "side")
    check_aligned("verdicts", len(judge), ("labels", len(people)), ("side", len(where)))
    if not np.isin(where, (-1, 0, 1)).all():
        raise DataError("side is +1, 0 or -1")
    where = np.where(np.isnan(judge) | (people == INVALID), 0, where)
    if not where.any():
        raise DataError("no readable row has the trait on one side only")
    return np.nan_to_num(judge), people.astype(np.float64), where
