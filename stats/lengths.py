"""Length-controlled win rates: what the judge would say of answers of equal length.

AlpacaEval 2's model: a logistic regression of the verdict on the standardised length
difference, read off at a difference of zero. It is odd in the two candidates, so
wr(a, b) = 1 - wr(b, a) and wr(a, a) = 1/2 hold exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from fellowship.stats.codes import DataError, Floats, as_finite, check_aligned
from fellowship.stats.intervals import (
    DEFAULT,
    Interval,
    Resampling,
    cluster_index,
    interval_of,
    resample_counts,
)

_RIDGE: Final = 1e-6
"""Keeps the fit finite where one candidate wins every row; too small to be seen."""
_STEP: Final = 4.0


@dataclass(frozen=True)
class LengthControlled:
    """A win rate, what is left of it at equal lengths, and what length did.

    `effect` is the model's weight of the length difference, in log-odds: above 0 the
    judge favours the longer answer.
    """

    raw: Interval
    controlled: Interval
    effect: Interval


def length_controlled(
    points: ArrayLike,
    lengths: ArrayLike,
    difficulty: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    plan: Resampling = DEFAULT,
) -> LengthControlled:
    """The win rate of the first candidate with the length difference set to zero.

    `points` (n,) are 0 to 1, NaN left out; `lengths` (n, 2) those of first and second
    in any one unit; `difficulty` (n,) an optional trait of the prompt, as AlpacaEval's
    instruction term. logit P = t + f * tanh(d / sd(d)) + p * difficulty; the result is
    the mean of logistic(t + p * difficulty) (Dubois et al. 2024, arXiv 2404.04475,
    equations 1 to 3). DataError where all rows differ by the same length.
    """
    design, y, kept = _design(points, lengths, difficulty)
    which = None if clusters is None else np.asarray(clusters)[kept]
    index, groups = cluster_index(len(y), which)
    whole = _rates(design, y, np.ones((1, len(y))))[0]
    spread = np.concatenate(
        [
            _rates(design, y, counts[:, index])
            for counts in resample_counts(groups, plan)
        ]
    )
    raw, controlled, effect = (
        interval_of(float(v), spread[:, k], None, groups, plan)
        for k, v in enumerate(whole)
    )
    return LengthControlled(raw, controlled, effect)


def _design(
    points: ArrayLike, lengths: ArrayLike, difficulty: ArrayLike | None
) -> tuple[Floats, Floats, Floats]:
    """The columns 1, length term and difficulty of the counted rows, and their points."""
    y = np.asarray(points, dtype=np.float64)
    both = as_finite(lengths, "lengths", 2)
    if y.ndim != 1 or both.shape[1] != 2:
        raise DataError(f"points {y.shape} must be (n,), lengths {both.shape} (n, 2)")
    check_aligned("points", len(y), ("lengths", len(both)))
    trait = (
        np.zeros(len(y)) if difficulty is None else as_finite(difficulty, "difficulty")
    )
    check_aligned("points", len(y), ("difficulty", len(trait)))
    kept = ~np.isnan(y)
    if not kept.any() or y[kept].min() < 0 or y[kept].max() > 1:
        raise DataError("points must lie between 0 and 1 and not all be missing")
    apart = (both[:, 0] - both[:, 1])[kept]
    scale = float(apart.std())
    if scale == 0 and apart[0] != 0:
        raise DataError("every row has the same length difference: it can't be told")
    term = np.tanh(apart / scale) if scale > 0 else np.zeros(len(apart))
    return np.stack([np.ones(len(apart)), term, trait[kept]], axis=1), y[kept], kept


def _rates(design: Floats, y: Floats, weights: Floats) -> Floats:
    """(b, 3): raw rate, controlled rate and length effect under weights (b, n)."""
    fit = _logistic(design, y, weights)
    total = weights.sum(axis=1)
    level = expit(fit[:, :1] + fit[:, 2:] * design[:, 2])
    controlled = (weights * level).sum(axis=1) / total
    return np.stack([weights @ y / total, controlled, fit[:, 1]], axis=1)


def _logistic(design: Floats, y: Floats, weights: Floats) -> Floats:
    """Coefficients (b, p) of b weighted logistic fits at once, by Newton's method.

    Points between 0 and 1 are fractional wins. Steps are capped, so the concave
    likelihood is climbed from 0 without overshooting.
    """
    columns = design.shape[1]
    products = (design[:, :, None] * design[:, None, :]).reshape(len(y), -1)
    fit = np.zeros((len(weights), columns))
    for _ in range(100):
        chance = expit(fit @ design.T)
        slope = (weights * (y - chance)) @ design - _RIDGE * fit
        curve = ((weights * chance * (1 - chance)) @ products).reshape(
            -1, columns, columns
        )
        step = np.linalg.solve(curve + _RIDGE * np.eye(columns), slope[:, :, None])
        move = np.clip(step[:, :, 0], -_STEP, _STEP)
        fit = fit + move
        if np.abs(move).max() < 1e-10:
            break
    return fit
