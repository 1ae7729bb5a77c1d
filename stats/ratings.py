"""Bradley-Terry ratings from all-against-all comparisons.

P(i beats j) = logistic(r_i - r_j). They are on one ladder only if the players did not fall
into groups that never met. Limits are those of the profile likelihood (`ladders`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import connected_components
from scipy.special import expit

from fellowship.stats.codes import (
    FIRST,
    INVALID,
    SECOND,
    TIE,
    Codes,
    DataError,
    Floats,
    as_codes,
    check_aligned,
)
from fellowship.stats.intervals import (
    DEFAULT,
    MIN_CLUSTERS,
    Interval,
    Resampling,
    cluster_index,
    too_few,
)
from fellowship.stats.ladders import (
    FAR,
    anchors,
    are_comparable,
    cutoffs,
    profile_limits,
)


def ratings_of(matrix: Floats, prior: float = 0.1) -> Floats:
    """Ratings (b, k) in log-odds, mean 0, of win matrices (b, k, k), by Newton.

    The likeliest under Bradley and Terry 1952, with `prior` tied games of each player
    against one imaginary player rated 0: it keeps who never lost finite (with 0, he
    is not), and is too little to move who has played some games.
    """
    k = matrix.shape[-1]
    met = matrix + np.swapaxes(matrix, -1, -2)
    wins = matrix.sum(axis=-1) + prior / 2
    found = np.zeros(matrix.shape[:-1])
    eye, flat = np.eye(k), np.ones((k, k)) / k
    for _ in range(200):
        chance, alone = expit(found[:, :, None] - found[:, None, :]), expit(found)
        slope = wins - (met * chance).sum(axis=-1) - prior * alone
        weight = met * chance * (1 - chance)
        inner = weight.sum(axis=-1) + prior * alone * (1 - alone)
        curve = inner[:, :, None] * eye - weight + flat * (prior == 0)
        step = np.linalg.solve(curve + 1e-12 * eye, slope[:, :, None])[:, :, 0]
        step = np.clip(step, -2, 2)
        found = found + step
        if np.abs(step).max() < 1e-10:
            break
    return np.asarray(found - found.mean(axis=-1, keepdims=True))


@dataclass(frozen=True)
class Ladder:
    """Ratings of k players in log-odds, mean 0 over those that can be compared.

    Who never lost, through nobody, to one of those is infinitely above: its limits are
    "above" a number and infinity.
    """

    ratings: tuple[Interval, ...]

    def elo(self, centre: float = 1000.0) -> tuple[tuple[float, float, float], ...]:
        """(rating, low, high) on Elo's scale: 400 points are odds of 10 to 1."""
        unit = 400 / np.log(10)
        return tuple(
            (centre + unit * r.value, centre + unit * r.low, centre + unit * r.high)
            for r in self.ratings
        )


def bradley_terry(
    first: ArrayLike,
    second: ArrayLike,
    verdicts: ArrayLike,
    players: int,
    clusters: ArrayLike | None = None,
    plan: Resampling = DEFAULT,
) -> Ladder:
    """Ratings with profile-likelihood limits.

    `first` and `second` (n,) are players' numbers from 0, `verdicts` (n,) codes, a tie
    half to both; an INVALID row adds nothing. The likelihood is widened by the spread
    between prompts (see `ladders.cutoffs`); only the level of `plan` counts. DataError
    where the players fall into groups that never met: no ladder holds them.
    """
    given = as_codes(verdicts)
    a, b = _players(first, "first", players), _players(second, "second", players)
    check_aligned("verdicts", len(given), ("first", len(a)), ("second", len(b)))
    matrix = win_matrix(a, b, given, players)
    parts, _ = connected_components(matrix > 0, directed=False)
    if parts > 1:
        raise DataError(f"the players form {parts} groups that never met each other")
    read = given != INVALID
    index, groups = cluster_index(len(given), clusters)
    _, kept = np.unique(index[read], return_inverse=True)
    anchor = anchors(matrix)
    fit = ratings_of(matrix[None], 1e-6)[0]
    fit = fit - fit[anchor].mean()
    rows = a[read], b[read], (given[read] + 1) / 2
    prompts = None if clusters is None else kept
    near = np.clip(fit, -FAR, FAR)
    widths = cutoffs(rows, near, prompts, anchor, plan.level, are_comparable(matrix))
    few = groups < min(MIN_CLUSTERS, len(given))
    found = []
    for player, width in enumerate(widths):
        low, high = profile_limits(matrix, fit, player, anchor, float(width))
        value = _point(float(fit[player]), low, high)
        if few:
            low = high = np.nan
        note = too_few(groups) if few else ""
        found.append(Interval(value, low, high, groups, plan.level, note=note))
    return Ladder(tuple(found))


def win_matrix(
    first: NDArray[np.intp], second: NDArray[np.intp], given: Codes, players: int
) -> Floats:
    """Wins (players, players) of checked players and codes (n,), a tie half to both."""
    if (first == second).any():
        at = int((first == second).argmax())
        raise DataError(f"row {at} sets a player against itself")
    share = np.select([given == FIRST, given == TIE], [1.0, 0.5], 0.0)
    other = np.select([given == SECOND, given == TIE], [1.0, 0.5], 0.0)
    found = np.zeros((players, players))
    np.add.at(found, (first, second), share)
    np.add.at(found, (second, first), other)
    return found


def _point(value: float, low: float, high: float) -> float:
    """A rating, infinite where one of its limits is."""
    if np.isinf(low) and np.isinf(high):
        return float("nan")
    return low if np.isinf(low) else high if np.isinf(high) else value


def _players(values: ArrayLike, name: str, players: int) -> NDArray[np.intp]:
    """Players' numbers (n,), checked against their count."""
    given = np.asarray(values)
    whole = given.ndim == 1 and np.issubdtype(given.dtype, np.integer)
    if not whole or ((given < 0) | (given >= players)).any():
        raise DataError(f"{name} must be whole numbers (n,) from 0 to {players - 1}")
    return given.astype(np.intp)
