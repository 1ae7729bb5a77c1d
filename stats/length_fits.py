"""Penalised logistic regression of one pair's verdicts on the lengths of its answers.

logit P(first wins) = level + slope * c + effect * t; the effect is normal around a centre
that other pairs give.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit, logit

from fellowship.stats.codes import Floats
from fellowship.stats.length_designs import Design

_RIDGE: Final = 1e-6
"""On the level: keeps the fit finite where one side wins every row, too small to see."""
_SLOPE: Final = 0.25
"""Precision of the breadth's slope around 0: a prior of standard deviation 2."""
_STEP: Final = 3.0
_BINOMIAL: Final = 50.0
"""How many prompts a binomial dispersion is worth: a noisy one would bias the weights."""


@dataclass(frozen=True)
class Fit:
    """The coefficients (3,) and the inverse of the penalised curvature (3, 3).

    `scores` (n, 3) are the rows' derivatives of the log-likelihood; `smoothing` (3, 3) is
    the variance that the pseudo-rows of a smoothed fit have in place of prompts.
    """

    values: Floats
    inverse: Floats
    scores: Floats
    smoothing: Floats


def fit(given: Design, centre: float, precision: float, smoothed: bool = False) -> Fit:
    """The penalised maximum, by Newton's method.

    The effect is normal around `centre` with `precision`. `smoothed` adds half a win and
    half a loss for each coefficient, spread over the rows by their leverage (Firth 1993):
    without it effects of few rows are too large, and a pair that won every row has no
    error.
    """
    x, y = given.columns, given.points
    penalty = np.array([_RIDGE, _SLOPE, precision])
    middle = np.array([0.0, 0.0, centre])
    share = (y.sum() + 0.5) / (len(y) + 1)
    values = np.array([logit(share) - centre * x[:, 2].mean(), 0.0, centre])
    extra = np.zeros(len(y))
    for _ in range(200):
        chance = expit(x @ values)
        weights = chance * (1 - chance)
        curve = (x.T * weights) @ x + np.diag(penalty)
        if smoothed:
            extra = weights * ((x @ np.linalg.inv(curve)) * x).sum(axis=1)
        residual = y - chance + extra * (0.5 - chance)
        uphill = residual @ x - penalty * (values - middle)
        move = np.linalg.solve(curve + (x.T * (weights * extra)) @ x, uphill)
        values = values + move * min(1.0, _STEP / max(np.abs(move).max(), 1e-12))
        if np.abs(move).max() < 1e-8:
            break
    pseudo = extra * ((1 - chance) ** 2 + chance**2) / 2
    scores = x * (y - chance)[:, None]
    return Fit(values, np.linalg.inv(curve), scores, (x.T * pseudo) @ x)


@dataclass(frozen=True)
class Own:
    """What a pair alone says of its length effect.

    `value` is the unpenalised estimate, one Newton step from the penalised one.
    `precision` is the inverse of its variance over prompts, times the design's `balance`:
    rows that all differ in one direction say nothing of equal lengths. `dispersion` is
    that variance over a binomial one's, shrunk to 1; `influence` (g,) is what each prompt
    adds.
    """

    value: float
    precision: float
    dispersion: float
    influence: Floats


def own_evidence(given: Design, centre: float, precision: float) -> Own:
    """The pair's own effect, from the fit penalised towards `centre`."""
    found = fit(given, centre, precision, smoothed=True)
    spread = float(found.inverse[2, 2])
    information = 1 / spread - precision
    if information < 1e-9 or given.groups <= 3:
        return Own(centre, 0.0, 1.0, np.zeros(given.groups))
    row = found.inverse[2] / spread / information
    influence = given.by_prompt(found.scores @ row)
    variance = float(influence @ influence) * given.groups / (given.groups - 2)
    dispersion = variance * information * given.groups + _BINOMIAL
    dispersion /= given.groups + _BINOMIAL
    effect = float(found.values[2])
    return Own(
        value=effect + (effect - centre) * precision / information,
        precision=given.balance * information / dispersion,
        dispersion=dispersion,
        influence=influence,
    )
