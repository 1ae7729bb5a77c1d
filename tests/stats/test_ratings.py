"""Bradley-Terry ratings."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from fellowship.stats import ratings
from fellowship.stats.codes import INVALID
from fellowship.stats.intervals import Resampling

FEW = Resampling(20)


def ladder(n: int, truth: list[float], seed: int) -> NDArray[np.float64]:
    rng, k = np.random.default_rng(seed), len(truth)
    a = rng.integers(0, k, n)
    b = (a + rng.integers(1, k, n)) % k
    rated = np.array(truth)
    won = np.where(rng.random(n) < expit(rated[a] - rated[b]), 1, -1)
    return ratings.win_matrices(a, b, won, k)


def test_bradley_terry_is_the_logistic_regression_on_players() -> None:
    matches = ladder(500, [0.8, 0, -0.8], 12)
    matrix = matches.sum(axis=0)
    i, j = np.nonzero(matches.sum(axis=2))[1], np.nonzero(matches.sum(axis=1))[1]
    design = np.eye(3)[i] - np.eye(3)[j]
    both, won = np.concatenate([design, -design]), np.repeat([1, 0], 500)
    fit = LogisticRegression(C=1e9, fit_intercept=False, tol=1e-10).fit(both, won)
    theirs = fit.coef_[0] - fit.coef_[0].mean()
    assert ratings.ratings_of(matrix[None], 0.0)[0] == pytest.approx(theirs, abs=1e-5)


def test_ratings_recover_planted_strengths() -> None:
    truth = [1.0, 0.3, -0.2, -1.1]
    found = ratings.bradley_terry(ladder(3000, truth, 13), None, FEW)
    assert [r.value for r in found.ratings] == pytest.approx(truth, abs=0.15)
    elo = found.elo()
    assert elo[0][1] < elo[0][0] < elo[0][2]
    assert np.mean([e[0] for e in elo]) == pytest.approx(1000)


def test_ratings_intervals_cover_95_in_100() -> None:
    truth, hits = [0.8, 0.1, -0.9], 0
    for seed in range(400):
        matches = ladder(400, truth, seed)
        found = ratings.bradley_terry(matches, None, Resampling(200, seed=seed))
        hits += sum(
            r.low < t < r.high for r, t in zip(found.ratings, truth, strict=True)
        )
    assert 0.93 <= hits / 1200 <= 0.97


def test_two_players_rates_are_their_odds() -> None:
    matches = ratings.win_matrices([0, 0, 1, 1], [1, 1, 0, 0], [1, 0, -1, 1], 2)
    won = matches.sum(axis=0)
    assert (won[0, 1], won[1, 0]) == (2.5, 1.5)
    gap = np.subtract(*ratings.ratings_of(won[None], 0.0)[0])
    assert expit(gap) == pytest.approx(2.5 / 4)


def test_who_never_lost_is_rated_finitely() -> None:
    matches = ratings.win_matrices([0, 0, 1], [1, 2, 2], [1, 1, INVALID], 3)
    found = ratings.bradley_terry(matches, None, FEW).ratings
    assert 0 < found[0].value < 8
    assert found[1].value == pytest.approx(found[2].value)
