"""A rate and its mirror sum to one, length buys nothing, and a biased judge is undone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from fellowship.stats import lengths, ratings, winrate
from fellowship.stats.codes import INVALID, DataError, TooFewLabels
from fellowship.stats.intervals import Resampling

Array = NDArray[np.int8]
FEW = Resampling(20)
verdicts = st.lists(st.sampled_from([-1, 0, 1, INVALID]), min_size=1, max_size=50).map(
    lambda v: np.array(v, np.int8)
)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Thousands of small products: on a busy machine threads only wait for cores."""
    with threadpool_limits(1):
        yield


def turned(given: Array) -> Array:
    return np.where(given == INVALID, INVALID, -given).astype(np.int8)


def test_ties_and_failures_lose_under_the_strict_rule() -> None:
    assert winrate.strict([1, 1, 0, -1, INVALID]) == 0.4
    assert winrate.half_tie([1, 1, 0, -1, INVALID]) == 2.5 / 4
    assert np.isnan(winrate.half_tie([INVALID]))


@given(verdicts)
def test_a_rate_and_its_mirror_sum_to_one(given: Array) -> None:
    ours, theirs = winrate.half_tie(given), winrate.half_tie(turned(given))
    assert np.isnan(ours) or ours + theirs == pytest.approx(1, abs=1e-12)
    assert winrate.strict(given) + winrate.strict(turned(given)) <= 1


@given(verdicts, st.randoms(use_true_random=False))
def test_both_orders_mirror_and_their_shares_sum_to_one(given, random) -> None:  # type: ignore[no-untyped-def]
    other = np.array(random.choices([-1, 0, 1, INVALID], k=len(given)))
    found = winrate.both_order(given, other)
    mirror = winrate.both_order(turned(given), turned(other))
    if found.invalid < 1:
        parts = found.wins + found.ties + found.losses + found.contradictions
        assert parts == pytest.approx(1)
        assert found.rate + mirror.rate == pytest.approx(1)
        assert (found.wins, found.ties) == (mirror.losses, mirror.ties)


def test_a_judge_that_always_takes_the_first_slot_wins_nobody_anything() -> None:
    found = winrate.both_order([1] * 10, [-1] * 10)
    assert (found.wins, found.contradictions, found.rate) == (0, 1, 0.5)


@st.composite
def contests(draw: st.DrawFn) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    n = draw(st.integers(4, 30))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    return rng.choice([0, 0.5, 1], n), rng.integers(1, 500, (n, 2)).astype(float)


@settings(deadline=None, max_examples=60)
@given(contests(), st.booleans())
def test_length_controlled_rates_mirror(contest, hard) -> None:  # type: ignore[no-untyped-def]
    points, words = contest
    trait = np.linspace(-1, 1, len(points)) if hard else None
    ours = lengths.length_controlled(points, words, trait, None, FEW)
    theirs = lengths.length_controlled(1 - points, words[:, ::-1], trait, None, FEW)
    assert ours.controlled.value + theirs.controlled.value == pytest.approx(1, abs=1e-9)
    assert ours.controlled.low + theirs.controlled.high == pytest.approx(1, abs=1e-9)


def test_an_answer_against_itself_wins_half() -> None:
    same = np.full((30, 2), 120.0)
    found = lengths.length_controlled(np.full(30, 0.5), same, None, None, FEW)
    assert (found.controlled.value, found.effect.value) == (0.5, 0)


def test_without_length_differences_the_controlled_rate_is_the_raw_one() -> None:
    points, words = np.array([1, 1, 0, 0.5]), np.full((4, 2), 7)
    found = lengths.length_controlled(points, words, None, None, FEW)
    assert found.controlled.value == pytest.approx(found.raw.value, abs=1e-5)


def test_a_length_loving_judge_is_corrected_within_two_points() -> None:
    rng = np.random.default_rng(8)
    words = rng.normal([260, 200], 50, (10_000, 2))
    apart = words[:, 0] - words[:, 1]
    chance = expit(logit(0.45) + 1.2 * np.tanh(apart / apart.std()))
    points = (rng.random(10_000) < chance).astype(float)
    plan = Resampling(60)
    found = lengths.length_controlled(points, words, None, None, plan)
    assert found.raw.value > 0.55
    assert found.controlled.value == pytest.approx(0.45, abs=0.02)
    assert found.controlled.low < 0.45 < found.controlled.high
    assert found.effect.value == pytest.approx(1.2, abs=0.1)


def test_the_fit_is_scikit_learns() -> None:
    rng = np.random.default_rng(9)
    points, words = rng.integers(0, 2, 200).astype(float), rng.normal(9, 3, (200, 2))
    apart = words[:, 0] - words[:, 1]
    term = np.tanh(apart / apart.std())[:, None]
    theirs = LogisticRegression(C=1e9, tol=1e-10).fit(term, points)
    ours = lengths.length_controlled(points, words, None, None, FEW)
    assert ours.effect.value == pytest.approx(theirs.coef_[0, 0], abs=1e-4)
    assert logit(ours.controlled.value) == pytest.approx(theirs.intercept_[0], abs=1e-4)


def test_the_fit_with_difficulty_is_scikit_learns() -> None:
    rng = np.random.default_rng(14)
    words, trait = rng.normal(9, 3, (300, 2)), rng.normal(0, 2, 300)
    points = (rng.random(300) < expit(trait + 1)).astype(float)
    apart = words[:, 0] - words[:, 1]
    design = np.stack([np.tanh(apart / apart.std()), trait], axis=1)
    fit = LogisticRegression(C=1e9, tol=1e-10).fit(design, points)
    theirs = expit(fit.intercept_[0] + fit.coef_[0, 1] * trait).mean()
    ours = lengths.length_controlled(points, words, trait, None, FEW)
    assert ours.controlled.value == pytest.approx(theirs, abs=1e-5)


def test_winning_everything_stays_finite() -> None:
    words = np.random.default_rng(0).normal(9, 3, (40, 2))
    found = lengths.length_controlled(np.ones(40), words, None, None, FEW)
    assert 0.99 < found.controlled.value <= 1


def test_prediction_powered_intervals_cover_where_the_judges_own_do_not() -> None:
    rng = np.random.default_rng(10)
    hits, naive, width = 0, 0, []
    for _ in range(3000):
        people = (rng.random(1100) < 0.5).astype(float)
        keen = (people == 0) & (rng.random(1100) < 0.3)
        judge = np.where(keen, 1.0, people)
        found = winrate.prediction_powered(people[:100], judge[:100], judge[100:])
        hits += found.low <= 0.5 <= found.high
        naive += abs(found.judge - 0.5) < 1.96 * 0.5 / 1100**0.5
        width.append(found.labels_worth)
    assert 0.93 <= hits / 3000 <= 0.97
    assert naive / 3000 < 0.01
    assert np.mean(width) > 150


def test_a_judge_against_people_is_not_trusted_backwards() -> None:
    people = np.random.default_rng(12).integers(0, 2, 100)
    assert winrate.prediction_powered(people, 1 - people, people).trust == 0


def test_a_useless_judge_is_not_trusted() -> None:
    rng = np.random.default_rng(11)
    people, judge = rng.integers(0, 2, 400), rng.integers(0, 2, 2000)
    found = winrate.prediction_powered(people, judge[:400], judge[400:])
    assert found.trust < 0.1
    assert found.value == pytest.approx(found.people, abs=0.01)
    flat = winrate.prediction_powered(people, np.ones(400), np.ones(9))
    assert (flat.trust, flat.value) == (0, people.mean())


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6))
def test_prediction_powered_rates_mirror(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, f, u = (rng.choice([0, 0.5, 1], n) for n in (60, 60, 90))
    ours = winrate.prediction_powered(y, f, u)
    theirs = winrate.prediction_powered(1 - y, 1 - f, 1 - u)
    assert ours.value + theirs.value == pytest.approx(1)
    assert ours.low + theirs.high == pytest.approx(1)


def ladder(n: int, truth: list[float], seed: int) -> NDArray[np.float64]:
    rng, k = np.random.default_rng(seed), len(truth)
    a = rng.integers(0, k, n)
    b = (a + rng.integers(1, k, n)) % k
    rated = np.array(truth)
    won = np.where(rng.random(n) < expit(rated[a] - rated[b]), 1, -1)
    return ratings.games(a, b, won, k)


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
    matches = ratings.games([0, 0, 1, 1], [1, 1, 0, 0], [1, 0, -1, 1], 2)
    won = matches.sum(axis=0)
    assert (won[0, 1], won[1, 0]) == (2.5, 1.5)
    gap = np.subtract(*ratings.ratings_of(won[None], 0.0)[0])
    assert expit(gap) == pytest.approx(2.5 / 4)


def test_who_never_lost_is_rated_finitely() -> None:
    matches = ratings.games([0, 0, 1], [1, 2, 2], [1, 1, INVALID], 3)
    found = ratings.bradley_terry(matches, None, FEW).ratings
    assert 0 < found[0].value < 8
    assert found[1].value == pytest.approx(found[2].value)


def test_what_gives_no_rate_is_refused_by_name() -> None:
    with pytest.raises(DataError, match="rule 'kind'"):
        winrate.points([1], "kind")  # type: ignore[arg-type]
    with pytest.raises(TooFewLabels, match="49 labels"):
        winrate.prediction_powered(np.ones(49), np.ones(49), [1])
    with pytest.raises(DataError, match="same length difference"):
        lengths.length_controlled([1, 0], [[2, 1], [3, 2]])
    with pytest.raises(DataError, match="between 0 and 1"):
        lengths.length_controlled([7, 0], [[2, 1], [3, 9]])
    with pytest.raises(DataError, match="lengths has 1"):
        lengths.length_controlled([1, 0], [[2, 1]])
    with pytest.raises(DataError, match="2 groups"):
        ratings.bradley_terry(ratings.games([0, 2], [1, 3], [1, 1], 4))
    with pytest.raises(DataError, match="against itself"):
        ratings.games([0], [0], [1], 2)
    with pytest.raises(DataError, match="from 0 to 1"):
        ratings.games([0], [5], [1], 2)
