"""Length-controlled win rates: length buys nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from fellowship.stats import lengths
from fellowship.stats.intervals import Resampling

FEW = Resampling(20)


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
    if not ours.controlled.note:
        both = ours.controlled.low + theirs.controlled.high
        assert both == pytest.approx(1, abs=1e-9)


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
