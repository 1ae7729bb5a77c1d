"""Biases of a judge: position bias, preference for a side's trait, family bias.

A judge is biased by comparison: with itself in the other order, or with people. Every bias
runs from -1 to 1 with its interval: how much more often a judge decides for a slot, a
length or a family than against it. What people share is no bias.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

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
    Interval,
    Resampling,
    bootstrap_many,
    mean_interval,
    ratio_of_sums,
)


@dataclass(frozen=True)
class PositionBias:
    """Position bias: what coming first is worth, from both orders.

    `bias` is the share of verdicts a judge gives for the first place alone, where the
    rest do not depend on it. `contradicted` is the share of rows where the two orders
    differ, `readable` how many rows both orders gave.
    """

    bias: Interval
    contradicted: float
    readable: int


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
    return PositionBias(
        bias=mean_interval(half_difference, clusters, plan),
        contradicted=float((one != two)[kept].mean()),
        readable=int(kept.sum()),
    )


@dataclass(frozen=True)
class SideBias:
    """A judge's preference for a trait beside people's, on the same `rows`.

    `excess` is judge minus people. `share` is excess / (1 - people): the share of
    verdicts given for the trait alone that would explain it (below 0: given against).
    """

    judge: Interval
    people: Interval
    excess: Interval
    share: Interval
    rows: int


def side_bias(
    verdicts: ArrayLike,
    labels: ArrayLike,
    side: ArrayLike,
    clusters: ArrayLike | None = None,
    plan: Resampling = DEFAULT,
) -> SideBias:
    """How much more a judge prefers one side than people do.

    `side` (n,) is +1 where the first candidate has the trait, -1 where the second has,
    0 where neither or both do. Over rows with a side and both codes readable, a
    preference is mean(code * side). With sides all +1 it is the first slot's where only
    one order was asked; with the judge's own family it is the family's lift. DataError
    if no row is left.
    """
    judge, people, where = _against_people(verdicts, labels, side)
    kept = np.abs(where).astype(np.float64)
    parts = np.stack([judge * where, people * where, kept], axis=1)

    def biases(sums: Floats) -> Floats:
        rows = np.where(sums[:, 2] == 0, np.nan, sums[:, 2])
        preferred, right = sums[:, 0] / rows, sums[:, 1] / rows
        room = np.where(right == 1, np.nan, 1 - right)
        return np.stack(
            [preferred, right, preferred - right, (preferred - right) / room], axis=1
        )

    found = bootstrap_many(parts, biases, clusters, plan)
    judge_bias, people_bias, excess, share = found
    return SideBias(judge_bias, people_bias, excess, share, int(kept.sum()))


def longer_side(lengths: ArrayLike) -> Floats:
    """The side (n,) of the longer candidate, from lengths (n, 2) in any one unit.

    `side_bias(verdicts, labels, longer_side(lengths))` is the length preference minus
    people's.
    """
    both = as_finite(lengths, "lengths", 2)
    if both.shape[1] != 2:
        raise DataError(f"lengths must be (n, 2), not {both.shape}")
    return np.sign(both[:, 0] - both[:, 1])


@dataclass(frozen=True)
class FamilyBias:
    """Family bias: whether disagreements with people favour a family of models.

    `score` = (favours - disfavours) / (favours + disfavours), -1 to 1; `favours` and
    `disfavours` count the disagreeing verdicts that moved to and from the family.
    """

    score: Interval
    favours: int
    disfavours: int


def family_bias(
    verdicts: ArrayLike,
    labels: ArrayLike,
    side: ArrayLike,
    clusters: ArrayLike | None = None,
    plan: Resampling = DEFAULT,
) -> FamilyBias:
    """The bias score of a family, defined here: the paper only names it.

    Of the verdicts (n,) that disagree with people's labels (n,), where exactly one
    candidate is of the family (`side` as in `side_bias`): the share that favours it minus
    the share that disfavours it. A tie where people name a winner moves towards the
    other. The score is NaN where no verdict disagrees.
    """
    judge, people, where = _against_people(verdicts, labels, side)
    moved = np.sign((judge - people) * where)
    found = bootstrap_many(
        np.stack([moved, np.abs(moved)], axis=1), ratio_of_sums, clusters, plan
    )
    return FamilyBias(found[0], int((moved > 0).sum()), int((moved < 0).sum()))


def _against_people(
    verdicts: ArrayLike, labels: ArrayLike, side: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Codes and sides (n,) as numbers, the side 0 where a code is INVALID."""
    judge, people = as_codes(verdicts), as_codes(labels, "labels")
    where = as_finite(side, "side")
    check_aligned("verdicts", len(judge), ("labels", len(people)), ("side", len(where)))
    if not np.isin(where, (-1, 0, 1)).all():
        raise DataError("side is +1, 0 or -1")
    where = np.where((judge == INVALID) | (people == INVALID), 0, where)
    if not where.any():
        raise DataError("no readable row has the trait on one side only")
    return judge.astype(np.float64), people.astype(np.float64), where
