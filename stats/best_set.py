"""Kappas of many evaluators with limits, and which can't be told from the best.

Whoever is best on some labels was best by some luck. An evaluator is told from the best
where its distance exceeds what the largest of all distances does in resamples (Hsu 1981,
comparisons with the best; the bootstrap of a maximum: Westfall and Young 1993).
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

    Distances to the best are divided by their standard deviation over the resamples. One
    whose kappa isn't defined is not as good.
    """
    known = ~np.isnan(value)
    if not known.any():
        return known
    top = int(np.where(known, value, -np.inf).argmax())
    gap, gaps = value[top] - value, bag[:, [top]] - bag
    spread = np.nanstd(np.where(np.isnan(gaps), 0.0, gaps), axis=0)
    safe = np.where(spread > 0, spread, np.inf)
    far = np.where(np.isnan(gaps), -np.inf, (gaps - gap) / safe)
    limit = float(np.quantile(far[:, known].max(axis=1), level))
    return np.asarray(known & ((gap <= 0) | (gap / safe <= limit) & (spread > 0)))
