"""Skill of stated chances: Brier's score against the base rate, and a logistic slope.

An error of calibration alone ranks nothing: a margin that says nothing, calibrated, has
none. Skill is what the chances know beyond one rate for every row, on prompts that they
were not fitted to; the slope is whether they know anything.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit
from scipy.stats import t as student

from fellowship.stats.codes import Floats, as_finite, check_aligned
from fellowship.stats.intervals import (
    DEFAULT,
    MIN_CLUSTERS,
    Interval,
    Resampling,
    bootstrap,
    cluster_index,
    cluster_sums,
    ratio_of_sums,
    too_few,
)

SEPARATED: Final = 12.0
"""Log-odds a standard deviation, beyond which the likelihood has no maximum."""
SUREST: Final = 1e-6
"""A chance is taken as no nearer to 0 or 1 than this."""


def brier_skill(
    chances: ArrayLike,
    events: ArrayLike,
    base: ArrayLike,
    clusters: ArrayLike | None = None,
    plan: Resampling = DEFAULT,
) -> Interval:
    """How much better chances (n,) are than the base rate: 1 is perfect, 0 no better.

    1 - sum (chance - event)^2 / sum (base - event)^2 (Brier 1950; Murphy 1973), `base`
    (n,) the rate of other rows. Below 0 the chances mislead. Of `crossfit_beside_base`'s
    arrays a margin that says nothing has 0 or less.
    """
    said, was = as_finite(chances, "chances"), as_finite(events, "events")
    rate = as_finite(base, "base")
    check_aligned("chances", len(said), ("events", len(was)), ("base", len(rate)))
    parts = np.stack([(said - was) ** 2, (rate - was) ** 2], axis=1)
    return bootstrap(parts, lambda sums: 1 - ratio_of_sums(sums), clusters, plan)


def leave_one_fold_out(
    events: ArrayLike, clusters: ArrayLike | None = None, folds: int = 5
) -> Floats:
    """The mean (n,) of events (n,) in the other folds of whole prompts: the base rate."""
    was = as_finite(events, "events")
    index, prompts = cluster_index(len(was), clusters)
    fold = (np.random.default_rng(0).permutation(prompts) % folds)[index]
    sums, rows = (np.bincount(fold, w, folds) for w in (was, np.ones(len(was))))
    return np.asarray(((was.sum() - sums) / (len(was) - rows))[fold])


def logistic_slope(
    at: ArrayLike,
    events: ArrayLike,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Interval:
    """The log-odds of events (n,) that a unit of `at` (n,) adds, with its interval.

    Logistic regression (Platt 1999); the variance by leaving out one prompt at a time
    (CR3: Bell and McCaffrey 2002), Student's t over prompts. An event may be a half.
    NaN where `at` separates the events or is one value, with the reason.
    """
    x, was = as_finite(at, "at"), as_finite(events, "events")
    check_aligned("at", len(x), ("events", len(was)))
    _, prompts = cluster_index(len(x), clusters)
    spread = float(x.std())
    if spread == 0 or prompts < MIN_CLUSTERS:
        note = too_few(prompts) if spread else "one value only"
        return Interval(np.nan, np.nan, np.nan, prompts, level, note=note)
    design = np.stack([np.ones(len(x)), (x - x.mean()) / spread], axis=1)
    fit = _logistic_fit(design, was)
    if not np.isfinite(fit).all() or abs(fit[1]) > SEPARATED:
        note = "separates all rows" if len(np.unique(was)) > 1 else "one outcome only"
        return Interval(np.nan, np.nan, np.nan, prompts, level, note=note)
    error = _slope_error(design, was, fit, clusters)
    half = float(student.ppf((1 + level) / 2, prompts - 1)) * error
    value, half = float(fit[1]) / spread, half / spread
    return Interval(value, value - half, value + half, prompts, level)


def calibration_slope(
    chances: ArrayLike,
    events: ArrayLike,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Interval:
    """The slope of events (n,) on the log-odds of stated chances (n,): Cox 1958.

    1 where they are calibrated, under 1 where they are too sure, 0 where they know
    nothing.
    """
    forecasts = np.clip(as_finite(chances, "chances"), SUREST, 1 - SUREST)
    return logistic_slope(logit(forecasts), events, clusters, level)


def _logistic_fit(design: Floats, was: Floats) -> Floats:
    """Intercept and slope (2,) by Newton's method, NaN where it runs away."""
    fit = np.zeros(2)
    for _ in range(60):
        chance = expit(design @ fit)
        bread = _information(design, chance)
        if np.linalg.cond(bread) > 1e10:
            return np.full(2, np.nan)
        move = np.linalg.solve(bread, design.T @ (was - chance))
        fit = fit + np.clip(move, -1, 1)
        if np.abs(move).max() < 1e-9:
            break
    return fit


def _information(design: Floats, chance: Floats) -> Floats:
    """Fisher's information (2, 2)."""
    return np.asarray((design * (chance * (1 - chance))[:, None]).T @ design)


def _slope_error(
    design: Floats, was: Floats, fit: Floats, clusters: ArrayLike | None
) -> float:
    """The standard error of the slope by one Newton step without each prompt."""
    chance = expit(design @ fit)
    score = cluster_sums(design * (was - chance)[:, None], clusters)
    parts = (
        design[:, :, None] * design[:, None, :] * (chance * (1 - chance))[:, None, None]
    )
    own = cluster_sums(parts, clusters)
    moved = np.linalg.solve(own.sum(axis=0) - own, score[:, :, None])[:, 1, 0]
    groups = len(score)
    return float(((moved**2).sum() * (groups - 1) / groups) ** 0.5)
