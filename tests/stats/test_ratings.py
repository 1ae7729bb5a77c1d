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
from fellowship.stats.ladders import anchors

FEW = Resampling(20)


Games = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], int]


def ladder(n: int, truth: list[float], seed: int) -> Games:
    rng, k = np.random.default_rng(seed), len(truth)
    a = rng.integers(0, k, n)
    b = (a + rng.integers(1, k, n)) % k
    rated = np.array(truth)
    won = np.where(rng.random(n) < expit(rated[a] - rated[b]), 1, -1)
    return a, b, won, k


def test_bradley_terry_is_the_logistic_regression_on_players() -> None:
    first, second, verdict, _ = ladder(500, [0.8, 0, -0.8], 12)
    matrix = ratings.win_matrix(first, second, verdict.astype(np.int8), 3)
    i, j = np.where(verdict > 0, (first, second), (second, first))
    design = np.eye(3)[i] - np.eye(3)[j]
    both, won = np.concatenate([design, -design]), np.repeat([1, 0], 500)
    fit = LogisticRegression(C=1e9, fit_intercept=False, tol=1e-10).fit(both, won)
    theirs = fit.coef_[0] - fit.coef_[0].mean()
    assert ratings.ratings_of(matrix[None], 0.0)[0] == pytest.approx(theirs, abs=1e-5)


def test_ratings_recover_planted_strengths() -> None:
    truth = [1.0, 0.3, -0.2, -1.1]
    found = ratings.bradley_terry(*ladder(3000, truth, 13), None, FEW)
    assert [r.value for r in found.ratings] == pytest.approx(truth, abs=0.15)
    elo = found.elo()
    assert elo[0][1] < elo[0][0] < elo[0][2]
    assert np.mean([e[0] for e in elo]) == pytest.approx(1000)


@pytest.mark.parametrize("games", [50, 300])
def test_ratings_intervals_cover_95_in_100_of_five_players(games: int) -> None:
    """The bootstrap covered 68 in 100 at 50 games."""
    truth, held = np.array([1.6, 0.5, 0.1, -0.6, -1.6]), 0
    for seed in range(200):
        first, second, verdict, k = ladder(games, list(truth), seed)
        matrix = ratings.win_matrix(first, second, verdict.astype(np.int8), k)
        there = truth - truth[anchors(matrix)].mean()
        found = ratings.bradley_terry(first, second, verdict, k).ratings
        held += sum(r.low <= t <= r.high for r, t in zip(found, there, strict=True))
    assert 0.915 <= held / 1000 <= 0.975


def test_who_won_twenty_of_twenty_is_above_a_number_and_nothing_bounds_him() -> None:
    found = ratings.bradley_terry([0] * 20, [1] * 20, [1] * 20, 2)
    (value, low, high), below = found.elo()
    assert (value, high) == (np.inf, np.inf)
    # P(win) above exp(-3.8415 / 2 / 20) = 0.9085, so 200 log10(odds) above 1000
    assert low == pytest.approx(1000 + 200 * np.log10(0.9085 / 0.0915), abs=1)
    assert below[0] == -np.inf


def test_rows_of_one_prompt_widen_a_rating() -> None:
    first, second, verdict, k = ladder(100, [0.5, 0, -0.5], 3)
    many = [np.repeat(each, 5) for each in (first, second, verdict)]
    prompts = np.repeat(np.arange(100), 5)
    rows = ratings.bradley_terry(*many, k).ratings[0]
    kept = ratings.bradley_terry(*many, k, prompts).ratings[0]
    alone = ratings.bradley_terry(first, second, verdict, k).ratings[0]
    assert rows.high - rows.low < 0.6 * (alone.high - alone.low)
    assert kept.high - kept.low == pytest.approx(alone.high - alone.low, rel=0.05)


def test_two_players_rates_are_their_odds() -> None:
    codes = np.array([1, 0, -1, 1], np.int8)
    won = ratings.win_matrix(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]), codes, 2)
    assert (won[0, 1], won[1, 0]) == (2.5, 1.5)
    gap = np.subtract(*ratings.ratings_of(won[None], 0.0)[0])
    assert expit(gap) == pytest.approx(2.5 / 4)


def test_who_never_lost_is_rated_above_those_who_did() -> None:
    found = ratings.bradley_terry([0, 0, 1], [1, 2, 2], [1, 1, INVALID], 3).ratings
    assert found[0].value == np.inf
    assert np.isnan(found[1].value)  # below one and level with the other, unread
