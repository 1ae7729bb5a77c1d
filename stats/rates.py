"""Intervals of rates and other bounded means: Wilson's, on an effective number of rows.

A bootstrap of a rate near 0 or 1 has nothing to resample: of 10 wins in 10 it says
[100 %, 100 %]. Wilson's interval says [72 %, 100 %], and rows that share a prompt count
for as many as their spread between prompts shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm
from scipy.stats import t as student

from fellowship.stats.codes import DataError, Floats
from fellowship.stats.intervals import (
    DEFAULT,
    MIN_CLUSTERS,
    Interval,
    Resampling,
    cluster_index,
    cluster_sums,
    too_few,
)

Range = tuple[float, float]
SHARE: Range = (0.0, 1.0)
BIAS_RANGE: Range = (-1.0, 1.0)


class Moments(NamedTuple):
    """A mean scaled to 0..1, its rows' variance, rows it is worth, and its prompts."""

    mean: float
    spread: float
    worth: float
    rows: int
    clusters: int


def wilson(mean: float, spread: float, n: float, z: float) -> Range:
    """Limits of a mean of n values in 0..1 whose variance is `spread`.

    With spread = mean (1 - mean) it is Wilson 1927; less of it, as ties worth a half
    give, keeps the same pull to 1/2 and z^2 / 4 of variance for what was not seen.
    """
    total = n + z * z
    centre = (n * mean + z * z / 2) / total
    half = z / total * np.sqrt(n * spread + z * z / 4)
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))


def moments(
    values: ArrayLike, clusters: ArrayLike | None = None, within: Range = SHARE
) -> Moments | None:
    """What the limits of a bounded mean rest on; None where every value is NaN.

    `worth` is the rows over the design effect, the variance between prompts as
    linearised (Kish 1965; Korn and Graubard 1998): at most the rows; where nothing
    varies, the prompts. DataError for values outside `within`.
    """
    given = np.asarray(values, dtype=np.float64)
    if given.ndim != 1:
        raise DataError(f"values must be numbers of shape (n,), not {given.shape}")
    kept = ~np.isnan(given)
    low, high = within
    if (given[kept] < low).any() or (given[kept] > high).any():
        raise DataError(f"values must lie within {low:g} to {high:g}")
    if not kept.any():
        return None
    unit = (given[kept] - low) / (high - low)
    names = None if clusters is None else np.asarray(clusters)
    if names is not None and len(names) != len(given):
        cluster_index(len(given), names)
    groups = None if names is None else names[kept]
    apart = cluster_sums(unit - unit.mean(), groups)
    return _moments(unit, apart)


def _moments(unit: Floats, apart: Floats) -> Moments:
    """Moments of scaled values (n,), from each cluster's summed deviations (g,)."""
    n, g = len(unit), len(apart)
    spread = float(unit.var())
    if g == n:
        return Moments(float(unit.mean()), spread, float(n), n, g)
    between = float((apart**2).sum()) / n**2 * g / max(1, g - 1)
    worth = spread / between if spread > 0 and between > 0 else float(g)
    return Moments(float(unit.mean()), spread, min(float(n), worth), n, g)


def rate_interval(
    values: ArrayLike,
    clusters: ArrayLike | None = None,
    plan: Resampling = DEFAULT,
    within: Range = SHARE,
    fewest: int = MIN_CLUSTERS,
) -> Interval:
    """The mean of values (n,) that lie `within`, NaN left out, with its limits.

    Wilson's on the effective number of rows; Student's t where prompts have several
    rows. No limits where rows share fewer than `fewest` prompts. Only the level of
    `plan` counts: nothing is resampled.
    """
    found = moments(values, clusters, within)
    if found is None:
        return Interval(np.nan, np.nan, np.nan, 0, plan.level, note="no value")
    low, high = within
    value = low + (high - low) * found.mean
    interval = Interval(value, np.nan, np.nan, found.clusters, plan.level)
    if found.clusters < min(fewest, found.rows):
        return replace(interval, note=too_few(found.clusters, fewest))
    ends = wilson(found.mean, found.spread, found.worth, critical(found, plan.level))
    return replace(
        interval,
        low=min(value, low + (high - low) * ends[0]),
        high=max(value, low + (high - low) * ends[1]),
    )


def critical(found: Moments, level: float) -> float:
    """The normal quantile, or Student's t for prompts of several rows."""
    tail = (1 + level) / 2
    if found.clusters == found.rows:
        return float(norm.ppf(tail))
    return float(student.ppf(tail, found.clusters - 1))


def combine(parts: Sequence[tuple[float, Interval]], inflate: float = 1.0) -> Interval:
    """The weighted sum of independent estimates, with limits recovered from theirs.

    `parts` are (weight >= 0, interval); MOVER (Zou and Donner 2008), which keeps the
    limits of each at its edge. `inflate` multiplies both half-widths.
    """
    value = sum(w * p.value for w, p in parts)
    down = sum((w * (p.value - p.low)) ** 2 for w, p in parts) ** 0.5
    up = sum((w * (p.high - p.value)) ** 2 for w, p in parts) ** 0.5
    first = parts[0][1]
    return Interval(
        float(value),
        float(value - inflate * down),
        float(value + inflate * up),
        sum(p.clusters for _, p in parts),
        first.level,
        note="; ".join(dict.fromkeys(p.note for _, p in parts if p.note)),
    )
