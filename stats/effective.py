"""Effective number of judges: how many independent ones m correlated judges are worth.

Kish's design effect m / (1 + (m - 1) r), r the mean correlation over pairs of judges
(Kish 1965, "Survey Sampling", 5.4), each pair over the rows that both of them read. Two
judges who never differ are copies; where else one of them never varies, no correlation
exists and there is no estimate.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fellowship.stats.codes import (
    FIRST,
    INVALID,
    SECOND,
    Codes,
    Floats,
    as_codes,
    check_aligned,
)
from fellowship.stats.intervals import DEFAULT, Interval, Resampling, bootstrap

Pairs = list[tuple[int, int]]


def n_eff(votes: ArrayLike, labels: ArrayLike) -> float:
    """The effective number of judges by their errors; NaN where it is not defined.

    See `n_eff_interval`.
    """
    found = _statistic_of(*_errors(votes, labels))
    return float("nan") if found is None else float(found[1](found[0].sum(0)[None])[0])


def n_eff_interval(
    votes: ArrayLike,
    labels: ArrayLike,
    clusters: ArrayLike | None = None,
    plan: Resampling = DEFAULT,
) -> Interval:
    """How many independent judges the m of votes (n, m) are worth, from 1 to m.

    By the correlation of their errors (wrong 1, right 0) on rows where people name a
    winner, not below 0 on average. NaN, with a note, where a judge is right or wrong on
    every such row and not another's copy. Judges who never differ are worth 1, without
    limits: that they never would can't be told from these rows.
    """
    errors, same = _errors(votes, labels)
    return _interval(errors, same, clusters, plan)


def n_eff_of_votes(
    votes: ArrayLike,
    clusters: ArrayLike | None = None,
    plan: Resampling = DEFAULT,
) -> Interval:
    """The same by the votes themselves, without labels: codes (n, m), -1 to 1.

    Judges who agree because they are right look alike, judges whose votes differ may yet
    err alike: it is neither below nor above what errors give.
    """
    given = as_codes(votes, "votes", 2)
    values = np.where(given == INVALID, np.nan, given.astype(np.float64))
    return _interval(values, _copies(given), clusters, plan)


def _interval(
    values: Floats,
    same: NDArray[np.bool_],
    clusters: ArrayLike | None,
    plan: Resampling,
) -> Interval:
    found = _statistic_of(values, same)
    if found is None:
        return Interval(np.nan, np.nan, np.nan, 0, plan.level, note="no row to tell by")
    features, statistic = found
    interval = bootstrap(features, statistic, clusters, plan)
    if np.isnan(interval.value):
        why = "a judge has no errors, or nothing else: its correlation is not defined"
        return Interval(np.nan, np.nan, np.nan, interval.clusters, plan.level, 1.0, why)
    if statistic.judges > 1 and statistic.same.all():
        never = "they never differ on these rows"
        return replace(interval, low=np.nan, high=np.nan, note=never)
    return interval


def _errors(votes: ArrayLike, labels: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    """Errors (n, m), NaN where they are not known, and which judges are copies."""
    given, people = as_codes(votes, "votes", 2), as_codes(labels, "labels")
    check_aligned("votes", len(given), ("labels", len(people)))
    wrong = (given != people[:, None]).astype(np.float64)
    known = np.isin(people, (FIRST, SECOND))[:, None] & (given != INVALID)
    return np.where(known, wrong, np.nan), _copies(given)


def _copies(votes: Codes) -> NDArray[np.bool_]:
    """Which judges (m, m) said the same on every row that both could be read on."""
    read = votes != INVALID
    both = read[:, :, None] & read[:, None, :]
    same = votes[:, :, None] == votes[:, None, :]
    return np.asarray((same | ~both).all(axis=0) & both.any(axis=0))


def _statistic_of(
    values: Floats, same: NDArray[np.bool_]
) -> tuple[Floats, _Kish] | None:
    """Sums of each pair of judges (n, pairs, 6) and the statistic of those sums."""
    judges = values.shape[1]
    pairs = list(combinations(range(judges), 2))
    both = [~np.isnan(values[:, i]) & ~np.isnan(values[:, j]) for i, j in pairs]
    if not (np.any(both) if pairs else (~np.isnan(values)).any()):
        return None
    features = np.zeros((len(values), max(1, len(pairs)), 6))
    for at, ((i, j), kept) in enumerate(zip(pairs, both, strict=True)):
        a, b = (np.where(kept, values[:, k], 0.0) for k in (i, j))
        features[:, at] = np.stack([kept, a, b, a * a, b * b, a * b], axis=1)
    return features, _Kish(judges, np.array([same[i, j] for i, j in pairs], bool))


class _Kish:
    """Kish's effective number (b,) of the pairs' sums (b, pairs, 6)."""

    def __init__(self, judges: int, same: NDArray[np.bool_]) -> None:
        self.judges, self.same = judges, same

    def __call__(self, sums: Floats) -> Floats:
        if self.judges < 2:
            return np.full(len(sums), 1.0)
        n, a, b, aa, bb, ab = np.moveaxis(sums, -1, 0)
        size = np.sqrt(np.maximum(n * aa - a * a, 0) * np.maximum(n * bb - b * b, 0))
        apart = np.where(size > 1e-9, size, np.nan)
        alike = np.where(self.same, 1.0, (n * ab - a * b) / apart)
        mean = np.maximum(0.0, alike.mean(axis=1))
        return np.asarray(self.judges / (1 + (self.judges - 1) * mean))
