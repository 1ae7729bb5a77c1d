"""Statistics of a rubric's criteria: correlation with length, and the weights labels imply.

Both take differences, first answer minus second, and have no intercept, so that neither
changes when the two answers of a row change places.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from fellowship.stats.codes import DataError, Floats, check_aligned
from fellowship.stats.intervals import (
    DEFAULT,
    Interval,
    Resampling,
    bootstrap,
    bootstrap_many,
)


def signed_ranks(differences: ArrayLike) -> Floats:
    """Ranks (n,) of the sizes of differences, each with its sign; 0 for no difference."""
    given = np.asarray(differences, dtype=np.float64)
    return np.asarray(np.sign(given) * rankdata(np.abs(given)), dtype=np.float64)


def signed_rank_correlation(
    one: ArrayLike,
    other: ArrayLike,
    clusters: ArrayLike | None = None,
    plan: Resampling = DEFAULT,
) -> Interval:
    """The correlation of two differences (n,) by their signed ranks, from -1 to 1.

    r = sum(x y) / sqrt(sum(x^2) sum(y^2)) of signed ranks x and y: Spearman's (1904)
    coefficient about 0 instead of the mean, as ranks of Wilcoxon (1945) are. Bootstrapped
    by prompt, ranks held. Rows with NaN in either are left out; NaN without any.
    """
    x, y = (np.asarray(given, dtype=np.float64) for given in (one, other))
    check_aligned("differences", len(x), ("differences", len(y)))
    kept = ~(np.isnan(x) | np.isnan(y))
    if not kept.any():
        return Interval(np.nan, np.nan, np.nan, 0, plan.level, note="no row has both")
    x, y = signed_ranks(x[kept]), signed_ranks(y[kept])
    names = None if clusters is None else np.asarray(clusters)[kept]
    return bootstrap(np.stack([x * y, x * x, y * y], 1), _cosine, names, plan)


def _cosine(sums: Floats) -> Floats:
    below = np.sqrt(sums[:, 1] * sums[:, 2])
    ratio = np.divide(
        sums[:, 0], below, out=np.full(len(sums), np.nan), where=below > 0
    )
    return np.asarray(ratio, dtype=np.float64)


def implied_weights(
    differences: ArrayLike,
    labels: ArrayLike,
    clusters: ArrayLike | None = None,
    plan: Resampling = DEFAULT,
) -> tuple[Interval, ...]:
    """The weights that labels give k criteria: shares whose sizes add up to 1.

    `differences` (n, k) by each criterion, the better answer's the higher; `labels` (n,)
    from -1 to 1. Least squares without an intercept, each coefficient divided by the sum
    of all sizes: proportional to the true weights even where labels are only the sign of
    the weighted sum, if differences are elliptically distributed (Brillinger 1982).
    Rows with NaN are left out. No limits where criteria can't be told apart.
    """
    x = np.asarray(differences, dtype=np.float64)
    y = np.asarray(labels, dtype=np.float64)
    if x.ndim != 2:
        raise DataError(f"differences must be (n, k), not {x.shape}")
    check_aligned("differences", len(x), ("labels", len(y)))
    kept = ~(np.isnan(x).any(1) | np.isnan(y))
    if not kept.any():
        none = Interval(np.nan, np.nan, np.nan, 0, plan.level, note="no row has all")
        return tuple(none for _ in range(x.shape[1]))
    x, y = x[kept], y[kept]
    names = None if clusters is None else np.asarray(clusters)[kept]
    features = np.concatenate(
        [x[:, :, None] * x[:, None, :], (x * y[:, None])[:, :, None]], axis=2
    )
    return bootstrap_many(features, _shares, names, plan)


def _shares(sums: Floats) -> Floats:
    """Coefficients (b, k) by their sizes' sum, of sums (b, k, k + 1)."""
    square, right = sums[:, :, :-1], sums[:, :, -1:]
    apart = _full_rank(square)
    found = np.full(right.shape[:2], np.nan)
    if apart.any():
        solved = np.linalg.solve(square[apart], right[apart])[:, :, 0]
        sizes = np.abs(solved).sum(1, keepdims=True)
        found[apart] = solved / np.where(sizes == 0, np.nan, sizes)
    return found


def _full_rank(square: Floats) -> NDArray[np.bool_]:
    ranks = np.linalg.matrix_rank(square, hermitian=True, tol=None)
    return np.asarray(ranks == square.shape[-1])
