"""Bradley-Terry ratings from all-against-all comparisons.

P(i beats j) = logistic(r_i - r_j). They are on one ladder only if the players did not fall
into groups that never met. A win matrix is a sum over rows, so its intervals come from the
same resampling as every other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import connected_components
from scipy.special import expit

from fellowship.stats.codes import (
    FIRST,
    SECOND,
    TIE,
    DataError,
    Floats,
    as_codes,
    check_aligned,
)
from fellowship.stats.intervals import DEFAULT, Interval, Resampling, bootstrap_many


def win_matrices(
    first: ArrayLike, second: ArrayLike, verdicts: ArrayLike, players: int
) -> Floats:
    """What each row adds to the win matrix: (n, players, players), a tie half to both.

    `first` and `second` (n,) are players' numbers from 0, `verdicts` (n,) codes; an
    INVALID row adds nothing. DataError for unknown players or one against itself.
    """
    given = as_codes(verdicts)
    a, b = _players(first, "first", players), _players(second, "second", players)
    check_aligned("verdicts", len(given), ("first", len(a)), ("second", len(b)))
    if (a == b).any():
        raise DataError(f"row {int((a == b).argmax())} sets a player against itself")
    found = np.zeros((len(given), players, players))
    rows = np.arange(len(given))
    share = np.select([given == FIRST, given == TIE], [1.0, 0.5], 0.0)
    other = np.select([given == SECOND, given == TIE], [1.0, 0.5], 0.0)
    found[rows, a, b], found[rows, b, a] = share, other
    return found


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
    """Ratings of k players in log-odds, mean 0, with intervals."""

    ratings: tuple[Interval, ...]

    def elo(self, centre: float = 1000.0) -> tuple[tuple[float, float, float], ...]:
        """(rating, low, high) on Elo's scale: 400 points are odds of 10 to 1."""
        unit = 400 / np.log(10)
        return tuple(
            (centre + unit * r.value, centre + unit * r.low, centre + unit * r.high)
            for r in self.ratings
        )


def bradley_terry(
    matches: ArrayLike,
    clusters: ArrayLike | None = None,
    plan: Resampling = DEFAULT,
    prior: float = 0.1,
) -> Ladder:
    """Ratings and bootstrap intervals from `matches` (n, k, k), as `games` gives them.

    DataError where the players fall into groups that never met: no ladder holds them.
    """
    rows = np.asarray(matches, dtype=np.float64)
    if rows.ndim != 3 or rows.shape[1] != rows.shape[2] or len(rows) == 0:
        raise DataError(f"matches must be (n, k, k), not {rows.shape}")
    if prior < 0:
        raise DataError(f"prior must not be negative, but is {prior}")
    parts, _ = connected_components(rows.sum(axis=0) > 0, directed=False)
    if parts > 1:
        raise DataError(f"the players form {parts} groups that never met each other")

    def fit(matrix: Floats) -> Floats:
        return ratings_of(matrix, prior)

    return Ladder(bootstrap_many(rows, fit, clusters, plan))


def _players(values: ArrayLike, name: str, players: int) -> NDArray[np.intp]:
    """Players' numbers (n,), checked against their count."""
    given = np.asarray(values)
    whole = given.ndim == 1 and np.issubdtype(given.dtype, np.integer)
    if not whole or ((given < 0) | (given >= players)).any():
        raise DataError(f"{name} must be whole numbers (n,) from 0 to {players - 1}")
    return given.astype(np.intp)
