"""Kappas of many evaluators with limits, and which can't be told from the best.

Whoever is best on some labels was best by some luck. An evaluator is told from the best
where its distance exceeds the range that all of them have in resamples (Tukey 1953, by
the bootstrap of Westfall and Young 1993): whoever turns out best, that holds.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from fellowship.stats.codes import Floats
from fellowship.stats.intervals import DEFAULT, Resampling, resample_counts
from fellowship.stats.nested_choice import sum_within
from fellowship.stats.whole_kappa import as_tables, whole_kappa

CELLS_AT_ONCE = 20_000_000
"""Numbers of a dense table of prompts; a larger one stays sparse."""


def resampled_kappas(
    cells: csr_array, prompts: NDArray[np.intp], plan: Resampling = DEFAULT
) -> Floats:
    """Kappas (b, k) of cells (n, 12 k) in resamples of the prompts (n,)."""
    groups = int(prompts.max()) + 1
    if groups * cells.shape[1] <= CELLS_AT_ONCE:
        sums = sum_within(cells, prompts)
        return np.concatenate(
            [whole_kappa(as_tables(c @ sums)) for c in counts(groups, cells, plan)]
        )
    n = len(prompts)
    adds = csr_array((np.ones(n), (prompts, np.arange(n))), shape=(groups, n))
    turned = (adds @ cells).T.tocsr()
    return np.concatenate(
        [whole_kappa(as_tables((turned @ c.T).T)) for c in counts(groups, cells, plan)]
    )


def counts(groups: int, cells: csr_array, plan: Resampling) -> Iterator[Floats]:
    """Counts of prompts in resamples, as many at once as tables may be held of."""
    many = max(1, CELLS_AT_ONCE // cells.shape[1])
    for chunk in resample_counts(groups, plan):
        yield from (chunk[at : at + many] for at in range(0, len(chunk), many))


def as_good_as_best(
    value: Floats, bag: Floats, level: float = 0.95
) -> NDArray[np.bool_]:
    """Which of k, by kappas (k,) and resampled ones (b, k), can't be told from the best.

    Told apart are two whose distance exceeds the `level` quantile of the range of all
    deviations in a resample: with that chance none of all pairs is told apart wrongly.
    One whose kappa isn't defined is not as good.
    """
    known = ~np.isnan(value)
    if not known.any():
        return known
    apart = bag[:, known] - np.nanmean(bag[:, known], axis=0)
    spread = np.nanmax(apart, axis=1) - np.nanmin(apart, axis=1)
    limit = float(np.nanquantile(spread, level))
    return np.asarray(known & (value >= np.nanmax(value) - limit))
