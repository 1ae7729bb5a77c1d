"""Confidence intervals by a cluster bootstrap over prompts.

Rows that share a prompt are one observation, so an interval resamples prompts. A statistic
here is a function of sums: `features` (n, ...) are what each row adds, `statistic` maps
summed features (b, ...) to (b,) or (b, k) for b resamples at once. Resampling is then one
matrix product of cluster counts, exact for whole counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from fellowship.stats.codes import DataError, Floats, TooFewLabels, check_aligned
from fellowship.stats.resamples import RESAMPLES

Statistic = Callable[[Floats], Floats]

MIN_LABELS: Final = 50
"""Under this no kappa is claimed: its 95 % half-width is about .18 at kappa .69."""
COMPARE_LABELS: Final = 200
"""Under this two judges are not ranked: the half-width is about .09."""
MIN_CLUSTERS: Final = 10
"""Under so many prompts how prompts differ is not known: there is no interval."""
MOST_UNDEFINED: Final = 0.05
"""Where more resamples than this have no statistic, the rest are no fair sample."""
_CHUNK: Final = 4_000_000


@dataclass(frozen=True)
class Resampling:
    """Settings of a bootstrap: part of the result, since it has to be repeatable."""

    resamples: int = RESAMPLES
    level: float = 0.95
    seed: int = 0
    method: Literal["percentile", "bca"] = "percentile"

    def __post_init__(self) -> None:
        """Refuse what gives no interval."""
        if self.resamples < 1 or not 0 < self.level < 1:
            raise DataError(f"no interval comes of {self!r}")
        if self.method not in ("percentile", "bca"):
            raise DataError(f"method {self.method!r} is not percentile or bca")


DEFAULT: Final = Resampling()


@dataclass(frozen=True)
class Interval:
    """An estimate and its limits, from `clusters` independent prompts.

    `undefined` is the share of resamples in which the statistic did not exist; `note`
    says why the limits are NaN, where they are.
    """

    value: float
    low: float
    high: float
    clusters: int
    level: float = 0.95
    undefined: float = 0.0
    note: str = ""


def too_few(clusters: int, fewest: int = MIN_CLUSTERS) -> str:
    """Why so few prompts have no interval."""
    return f"{clusters} of {fewest} prompts needed"


def has_enough_labels(n: int, compare: bool = False) -> bool:
    """Whether n labelled prompts carry a kappa claim, or (`compare`) a ranking."""
    return n >= (COMPARE_LABELS if compare else MIN_LABELS)


def require_labels(n: int, claim: str = "a kappa") -> None:
    """Raise TooFewLabels where n labelled prompts are too few to say."""
    if not has_enough_labels(n):
        raise TooFewLabels(f"{n} labels are too few for {claim}: {MIN_LABELS} needed")


def cluster_sums(features: ArrayLike, clusters: ArrayLike | None = None) -> Floats:
    """Features (n, ...) summed within each of g clusters: (g, ...).

    `clusters` (n,) are the rows' prompts, any sortable values; None: rows stand alone.
    The sums come in order of first appearance, so renaming prompts changes nothing.
    """
    rows = np.asarray(features, dtype=np.float64)
    if rows.ndim == 0 or len(rows) == 0:
        raise DataError("features is empty")
    if clusters is None:
        return rows
    index, groups = cluster_index(len(rows), clusters)
    sums = np.zeros((groups, *rows.shape[1:]))
    np.add.at(sums, index, rows)
    return sums


def cluster_index(
    rows: int, clusters: ArrayLike | None = None
) -> tuple[NDArray[np.intp], int]:
    """Which cluster each row is in (rows,), in order of appearance, and how many."""
    if clusters is None:
        return np.arange(rows), rows
    prompts = np.asarray(clusters)
    check_aligned("features", rows, ("clusters", len(prompts)))
    _, start, which = np.unique(prompts, return_index=True, return_inverse=True)
    place = np.argsort(np.argsort(start))
    return place[which], len(start)


def resample_counts(groups: int, plan: Resampling = DEFAULT) -> Iterator[Floats]:
    """Counts (b, groups) of each cluster in b resamples, in chunks, from the seed."""
    rng = np.random.default_rng(plan.seed)
    chunk = max(1, _CHUNK // groups)
    for start in range(0, plan.resamples, chunk):
        b = min(chunk, plan.resamples - start)
        picked = rng.integers(0, groups, size=(b, groups))
        picked += np.arange(b)[:, None] * groups
        counts = np.bincount(picked.ravel(), minlength=b * groups)
        yield counts.reshape(b, groups).astype(np.float64)


def bootstrap_many(
    features: ArrayLike,
    statistic: Statistic,
    clusters: ArrayLike | None = None,
    plan: Resampling = DEFAULT,
) -> tuple[Interval, ...]:
    """Intervals of a statistic with k values, the same resamples for all of them.

    Percentile limits, or BCa with a jackknife over clusters (Efron 1987). A resample
    without the statistic (NaN) is left out and counted in `undefined`. No limits
    (NaN, with a note) under MIN_CLUSTERS, or where over MOST_UNDEFINED are undefined.
    """
    sums = cluster_sums(features, clusters)
    value = _columns(statistic(sums.sum(axis=0, keepdims=True)))[0]
    spread = resampled_values(sums, statistic, plan)
    knife = None
    if plan.method == "bca":
        knife = _columns(statistic(sums.sum(axis=0) - sums))
    return tuple(
        interval_of(
            v, spread[:, k], None if knife is None else knife[:, k], len(sums), plan
        )
        for k, v in enumerate(value)
    )


def bootstrap(
    features: ArrayLike,
    statistic: Statistic,
    clusters: ArrayLike | None = None,
    plan: Resampling = DEFAULT,
) -> Interval:
    """The interval of a statistic with one value. See `bootstrap_many`."""
    return bootstrap_many(features, statistic, clusters, plan)[0]


def mean_interval(
    values: ArrayLike,
    clusters: ArrayLike | None = None,
    plan: Resampling = DEFAULT,
) -> Interval:
    """The mean of values (n,), NaN left out, with its cluster bootstrap interval.

    For values without bounds; a rate or a bias is `rates.rate_interval`.
    """
    given = np.asarray(values, dtype=np.float64)
    if given.ndim != 1 or np.isinf(given).any():
        raise DataError(f"values must be numbers of shape (n,), not {given.shape}")
    kept = ~np.isnan(given)
    return bootstrap(
        np.stack([np.where(kept, given, 0), kept], 1), ratio_of_sums, clusters, plan
    )


def ratio_of_sums(sums: Floats) -> Floats:
    """The statistic sums[:, 0] / sums[:, 1], NaN where the latter is 0."""
    below = np.where(sums[:, 1] == 0, np.nan, sums[:, 1])
    return np.asarray(sums[:, 0] / below, dtype=np.float64)


def _columns(found: Floats) -> Floats:
    """(b,) or (b, k) as (b, k)."""
    return np.asarray(found, dtype=np.float64).reshape(len(found), -1)


def resampled_values(sums: Floats, statistic: Statistic, plan: Resampling) -> Floats:
    """The statistic (b, k) in each resample of the clusters (g, ...)."""
    flat = sums.reshape(len(sums), -1)
    shape = sums.shape[1:]
    return np.concatenate(
        [
            _columns(statistic((counts @ flat).reshape(-1, *shape)))
            for counts in resample_counts(len(sums), plan)
        ]
    )


def interval_of(
    value: float, spread: Floats, knife: Floats | None, groups: int, plan: Resampling
) -> Interval:
    """The interval of one estimate from its resampled values (b,)."""
    known = spread[~np.isnan(spread)]
    undefined = float(1 - len(known) / len(spread))
    if note := refusal(value, undefined, groups):
        return Interval(
            float(value), np.nan, np.nan, groups, plan.level, undefined, note
        )
    ends = np.array([(1 - plan.level) / 2, (1 + plan.level) / 2])
    if knife is not None:
        ends = _bca(value, known, knife[~np.isnan(knife)], ends)
    low, high = np.quantile(known, ends)
    return Interval(
        float(value), float(low), float(high), groups, plan.level, undefined
    )


def refusal(value: float, undefined: float, groups: int) -> str:
    """Why a statistic has no limits, or nothing."""
    if np.isnan(value) or undefined == 1:
        return "not defined on these rows"
    if groups < MIN_CLUSTERS:
        return too_few(groups)
    if undefined > MOST_UNDEFINED:
        return f"undefined in {100 * undefined:.0f} % of resamples"
    return ""


def _bca(value: float, spread: Floats, knife: Floats, ends: Floats) -> Floats:
    """Quantiles corrected for bias and acceleration (Efron 1987, equation 2.3)."""
    below = np.mean(spread < value) + np.mean(spread == value) / 2
    apart = knife.mean() - knife if len(knife) else np.zeros(1)
    scale = float((apart**2).sum()) ** 1.5
    if not 0 < below < 1 or scale == 0:
        return ends
    bias, pull = norm.ppf(below), float((apart**3).sum()) / (6 * scale)
    z = bias + norm.ppf(ends)
    return np.asarray(norm.cdf(bias + z / (1 - pull * z)))
