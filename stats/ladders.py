"""Limits of Bradley-Terry ratings by profile likelihood.

A bootstrap of somebody who won every game says there is no doubt. The profile likelihood
of a rating says above what it lies, and that nothing bounds it; it holds at few games.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.sparse.csgraph import connected_components
from scipy.special import expit
from scipy.stats import norm
from scipy.stats import t as student

from fellowship.stats.codes import Floats

FAR = 30.0
"""Log-odds beyond which a limit is no limit."""


def anchors(matrix: Floats) -> NDArray[np.bool_]:
    """The players (k,) whose mean rating is 0: the largest group of comparable ones.

    Ratings within a group are finite where each has beaten, through others, each (Ford
    1957); where no two are so, all players are the anchor.
    """
    _, group = connected_components(matrix > 0, connection="strong")
    sizes = np.bincount(group)
    if sizes.max() == 1:
        return np.ones(len(matrix), dtype=bool)
    return np.asarray(group == sizes.argmax())


def are_comparable(matrix: Floats) -> bool:
    """Whether each player has beaten, through others, each other one."""
    return bool(connected_components(matrix > 0, connection="strong")[0] == 1)


def profile_limits(
    matrix: Floats, fit: Floats, player: int, anchor: NDArray[np.bool_], cutoff: float
) -> tuple[float, float]:
    """Where twice the loss of log-likelihood is `cutoff`, below and above; or infinity.

    `matrix` (k, k) are wins, a tie half to both; the rating is the player's minus the
    mean of `anchor` (k,).
    """
    contrast = np.eye(len(matrix))[player] - anchor / anchor.sum()
    if not contrast.any():
        return 0.0, 0.0
    top, at = log_likelihood(matrix, fit), float(contrast @ fit)
    starts = {at: fit}

    def excess(value: float) -> float:
        near = min(starts, key=lambda known: abs(known - value))
        starts[value] = constrain(matrix, starts[near], contrast, value)
        return 2 * (top - log_likelihood(matrix, starts[value])) - cutoff

    return _root(excess, at, -1.0), _root(excess, at, 1.0)


def _root(excess, start: float, way: float) -> float:  # type: ignore[no-untyped-def]
    """The first crossing of 0 from `start`; infinite where there is none within FAR."""
    near, step = start, 0.5
    while step <= 2 * FAR:
        far = start + way * step
        if excess(far) > 0:
            return float(brentq(excess, *sorted((near, far)), xtol=1e-4))
        near, step = far, step * 2
    return way * float("inf")


def log_likelihood(matrix: Floats, ratings: Floats) -> float:
    """The log-likelihood of ratings (k,)."""
    gaps = ratings[:, None] - ratings[None, :]
    return float(-(matrix * np.logaddexp(0, -gaps)).sum())


def constrain(matrix: Floats, start: Floats, contrast: Floats, value: float) -> Floats:
    """The likeliest ratings (k,) whose contrast is `value`, by Newton's method.

    A faint pull to 0 keeps players who can't be compared in place.
    """
    met = matrix + matrix.T
    found = start + contrast * (value - contrast @ start) / (contrast @ contrast)
    k = len(found)
    system = np.zeros((k + 1, k + 1))
    system[:k, k] = system[k, :k] = contrast
    for _ in range(50):
        chance = expit(found[:, None] - found[None, :])
        slope = matrix.sum(axis=1) - (met * chance).sum(axis=1) - 1e-6 * found
        weight = met * chance * (1 - chance)
        system[:k, :k] = np.diag(weight.sum(axis=1) + 1e-6) - weight
        move = np.linalg.solve(system, np.append(slope, 0.0))[:k]
        move *= min(1.0, 2.0 / max(1e-12, float(np.abs(move).max())))
        found = found + move
        if np.abs(move).max() < 1e-8:
            break
    return found


def cutoffs(
    rows: tuple[NDArray[np.intp], NDArray[np.intp], Floats],
    ratings: Floats,
    clusters: NDArray[np.intp] | None,
    anchor: NDArray[np.bool_],
    level: float,
    comparable: bool,
) -> Floats:
    """The loss of likelihood (k,) at each player's limits: chi-square times the spread.

    `rows` are first and second players and the first's points (n,). The spread is the
    sandwich variance of the rating, prompts being independent, over the model's: below 1
    with ties, above where prompts share their outcome; at least 1 where not all are
    `comparable`, for then nothing varies that could be seen.
    """
    first, second, points = rows
    k = len(ratings)
    chance = expit(ratings[first] - ratings[second])
    weight = chance * (1 - chance)
    bread = np.zeros((k, k))
    np.add.at(bread, (first, first), weight)
    np.add.at(bread, (second, second), weight)
    np.add.at(bread, (first, second), -weight)
    np.add.at(bread, (second, first), -weight)
    inverse = np.linalg.pinv(bread)
    contrasts = np.eye(k) - anchor / anchor.sum()
    arms = contrasts @ inverse
    index = np.arange(len(points)) if clusters is None else clusters
    groups = int(index.max()) + 1
    parts = np.zeros(k)
    scores = np.zeros((groups, k))
    np.add.at(scores, (index, first), points - chance)
    np.add.at(scores, (index, second), chance - points)
    parts = ((scores @ arms.T) ** 2).sum(axis=0) * groups / max(1, groups - 1)
    model = np.einsum("ij,jk,ik->i", arms, bread, arms)
    spread = np.where(model > 1e-12, parts / np.maximum(model, 1e-12), 1.0)
    tail = (1 + level) / 2
    alone = groups == len(points)
    z = norm.ppf(tail) if alone else student.ppf(tail, max(1, groups - 1))
    floor = 0.25 if comparable else 1.0
    return np.asarray(z**2 * np.maximum(spread, floor))
