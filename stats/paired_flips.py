"""Exchange test of two judges on the same prompts: whether the second is better.

Under the null hypothesis a prompt's two verdicts could stand the other way round, so each
is exchanged by a coin (Fisher's randomisation test; Edgington and Onghena 2007, chapter 3).
A verdict that names no side is a class of its own here. Kappa alone would call a judge
better that says nothing, or a tie, where it was wrong: it must be right more often, too.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from fellowship.stats.agreement import accuracy_of, kappa_of
from fellowship.stats.codes import CLASSES, INVALID, DataError, Floats, as_codes
from fellowship.stats.intervals import Statistic, cluster_sums

FLIPS: Final = 4000
"""Exchanges drawn: a p of .0167 is known to within .002."""
CLOSE: Final = 1e-12
"""Differences this near the observed one are the same: they are sums of floats."""

_ALL: Final = (*CLASSES, INVALID)


def cells_of_all(labels: ArrayLike, verdicts: ArrayLike) -> Floats:
    """What each row adds to a table (n, 4, 4) of people's codes and a judge's (n,).

    Classes are those of `codes.CLASSES`, then INVALID, which no label may be.
    """
    people, judge = as_codes(labels, "labels"), as_codes(verdicts, "verdicts")
    if (people == INVALID).any() or people.shape != judge.shape:
        raise DataError("labels must be read, and as many as verdicts")
    known = np.array(_ALL, dtype=np.int8)
    rows, columns = ((codes[:, None] == known) for codes in (people, judge))
    cells = rows[:, :, None] & columns[:, None, :]
    return np.asarray(cells, dtype=np.float64)


def exchange_p(
    before: ArrayLike,
    after: ArrayLike,
    statistic: Statistic,
    clusters: ArrayLike,
    seed: int = 0,
) -> float:
    """One-sided p that statistic(after) - statistic(before) is this large by chance.

    Features (n, ...) of one shape; a cluster is exchanged as a whole. 1 where the
    difference is not defined or not positive.
    """
    one, two = (cluster_sums(features, clusters) for features in (before, after))
    shape = one.shape[1:]
    flat = (two - one).reshape(len(one), -1)
    first, second = (each.sum(axis=0) for each in (one, two))
    observed = float(statistic(second[None])[0] - statistic(first[None])[0])
    if not observed > CLOSE:
        return 1.0
    flips = np.random.default_rng(seed).integers(0, 2, (FLIPS, len(one)))
    moved = (flips @ flat).reshape(-1, *shape)
    found = statistic(second - moved) - statistic(first + moved)
    far = np.isnan(found) | (found >= observed - CLOSE)
    return float((1 + far.sum()) / (1 + FLIPS))


def better_p(
    before: ArrayLike, after: ArrayLike, clusters: ArrayLike, seed: int = 0
) -> float:
    """One-sided p that the second judge is no better in kappa or no more often right.

    Cells (n, 4, 4) of `cells_of_all`; the larger of both p-values (intersection-union
    test, Berger 1982): it must be shown to be better in each.
    """
    return max(
        exchange_p(before, after, statistic, clusters, seed)
        for statistic in (kappa_of, accuracy_of)
    )
