"""Pairwise differences of several judges, with limits that hold for all of them together.

Every two judges are compared on the rows that both could be read on, and on no others: a
judge that is silent on hard rows is no better for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fellowship.stats.codes import Floats
from fellowship.stats.intervals import (
    DEFAULT,
    MIN_CLUSTERS,
    MOST_UNDEFINED,
    Resampling,
    Statistic,
    cluster_index,
    cluster_sums,
    resampled_values,
    too_few,
)
from fellowship.stats.paired import Difference

BLOCK = 50_000_000
"""Bytes of summed features that are held at once."""


@dataclass(frozen=True)
class PairwiseDifferences:
    """Every two of k candidates (k, k): the row's statistic minus the column's.

    `value`, `low` and `high` are NaN where two aren't compared, and `notes` say why;
    `rows` and `prompts` are those that both were read on.
    """

    value: Floats
    low: Floats
    high: Floats
    rows: NDArray[np.intp]
    prompts: NDArray[np.intp]
    notes: dict[tuple[int, int], str]

    def difference(self, i: int, j: int) -> Difference:
        """Candidate i minus candidate j."""
        return Difference(
            value=float(self.value[i, j]),
            low=float(self.low[i, j]),
            high=float(self.high[i, j]),
            p=None,
            clusters=int(self.prompts[i, j]),
            rows=int(self.rows[i, j]),
            note=self.notes.get((min(i, j), max(i, j)), ""),
        )

    def best(self, among: list[int]) -> int:
        """The candidate that is ahead of the others by most in the mean.

        Where all were read on the same rows it has the highest statistic.
        """
        inside = self.value[np.ix_(among, among)]
        known = ~np.isnan(inside)
        ahead = np.where(known, inside, 0).sum(axis=1) / np.maximum(known.sum(1), 1)
        return among[int(np.where(known.any(axis=1), ahead, -np.inf).argmax())]


def pairwise_differences(
    features: ArrayLike,
    statistic: Statistic,
    clusters: ArrayLike | None = None,
    plan: Resampling = DEFAULT,
    fewest: int = MIN_CLUSTERS,
) -> PairwiseDifferences:
    """All differences of k candidates from features (n, k, ...), as in `intervals`.

    A row whose features are all 0 for a candidate was not read for it. Limits hold
    together for every two: the bootstrap quantile of the largest studentised difference
    (Westfall and Young 1993, 2.6; Tukey's comparisons), so whichever was chosen as best
    on these rows, limits off 0 are false for any of them in 1 - level of samples. Two with
    under `fewest` prompts in common, or whose difference is undefined in over
    MOST_UNDEFINED of resamples, are not compared; two that never differ have no limits.
    """
    rows = np.asarray(features, dtype=np.float64)
    n, k = rows.shape[:2]
    read = np.asarray(rows.reshape(n, k, -1).any(axis=2))
    index, _ = cluster_index(n, clusters)
    common, prompts = (np.zeros((k, k), dtype=np.intp) for _ in range(2))
    value, half = (np.full((k, k), np.nan) for _ in range(2))
    notes: dict[tuple[int, int], str] = {}
    spreads = []
    for i, j in combinations(range(k), 2):
        both = read[:, i] & read[:, j]
        common[i, j] = common[j, i] = both.sum()
        prompts[i, j] = prompts[j, i] = np.unique(index[both]).size
        if prompts[i, j] < fewest:
            notes[i, j] = too_few(int(prompts[i, j]), fewest)
    pairs = [p for p in combinations(range(k), 2) if p not in notes]
    for (i, j), gap, spread in _gaps(rows, read, (pairs, statistic, clusters), plan):
        undefined = float(np.isnan(spread).mean())
        if np.isnan(gap) or undefined > MOST_UNDEFINED:
            notes[i, j] = f"undefined in {100 * undefined:.0f} % of resamples"
            continue
        value[i, j], value[j, i] = gap, -gap
        if np.nanmax(np.abs(spread - gap)) == 0:
            notes[i, j] = "they never differ on these rows"
        else:
            spreads.append(((i, j), spread - gap))
    if spreads:
        _set_half_widths(half, spreads, plan.level)
    return PairwiseDifferences(
        value, value - half, value + half, common, prompts, notes
    )


def _set_half_widths(
    half: Floats, spreads: list[tuple[tuple[int, int], Floats]], level: float
) -> None:
    """Half-widths (k, k) of limits that hold together, from each pair's spread (b,)."""
    errors = [float(np.nanstd(spread)) for _, spread in spreads]
    scaled = [np.abs(s) / e for (_, s), e in zip(spreads, errors, strict=True)]
    width = float(np.nanquantile(np.fmax.reduce(scaled), level))
    for ((i, j), _), error in zip(spreads, errors, strict=True):
        half[i, j] = half[j, i] = width * error


def _gaps(
    features: Floats,
    read: NDArray[np.bool_],
    ask: tuple[list[tuple[int, int]], Statistic, ArrayLike | None],
    plan: Resampling,
) -> Iterator[tuple[tuple[int, int], float, Floats]]:
    """Each pair's difference and its resampled values (b,), on the rows of both."""
    pairs, statistic, clusters = ask
    if (read == read[:, :1]).all():  # the same rows for all: a column each will do
        sums = cluster_sums(features, clusters)
        whole = statistic(sums.sum(axis=0, keepdims=True))[0]
        spread = resampled_values(sums, statistic, plan)
        for i, j in pairs:
            yield (i, j), float(whole[i] - whole[j]), spread[:, i] - spread[:, j]
        return

    def gap(sums: Floats) -> Floats:
        return np.asarray(statistic(sums[:, :, 0]) - statistic(sums[:, :, 1]))

    size = max(1, BLOCK // (2 * 8 * features[:, 0].size))
    for start in range(0, len(pairs), size):
        block = pairs[start : start + size]
        sides = []
        for i, j in block:
            both = (read[:, i] & read[:, j]).reshape(-1, *[1] * (features.ndim - 1))
            sides.append(features[:, [i, j]] * both)
        sums = cluster_sums(np.stack(sides, axis=1), clusters)
        whole = gap(sums.sum(axis=0, keepdims=True))[0]
        spread = resampled_values(sums, gap, plan)
        for at, pair in enumerate(block):
            yield pair, float(whole[at]), spread[:, at]


def simultaneous_differences(
    features: ArrayLike,
    statistic: Statistic,
    reference: int,
    clusters: ArrayLike | None = None,
    plan: Resampling = DEFAULT,
) -> dict[int, Difference]:
    """Each candidate that can be compared minus the one at `reference`.

    See `pairwise_differences`.
    """
    found = pairwise_differences(features, statistic, clusters, plan)
    return {
        k: found.difference(k, reference)
        for k in range(len(found.value))
        if not np.isnan(found.value[k, reference])
    }
