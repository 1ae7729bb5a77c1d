"""Intervals of further coefficients: what they cover, and where there are none."""

from __future__ import annotations

import numpy as np
import pytest

from fellowship.stats.agreement import summarise
from fellowship.stats.coefficient_intervals import coefficient_intervals
from fellowship.stats.intervals import Resampling
from fellowship.stats.kappa_intervals import kappa_intervals

PLAN = Resampling(resamples=200)
NAMES = ("kappa_without_ties", "kappa_quadratic", "alpha", "ac1")


def sample(
    rows: int, right: float, dice: np.random.Generator
) -> tuple[np.ndarray, ...]:
    """Labels (n,), and a judge (n, 1) that is right so often and else says anything."""
    labels = dice.choice([1, 0, -1], rows, p=[0.45, 0.15, 0.4]).astype(np.int8)
    any_of = dice.choice([1, 0, -1], rows).astype(np.int8)
    return labels, np.where(dice.random(rows) < right, labels, any_of)[:, None]


def test_the_values_are_those_of_the_summary() -> None:
    labels, votes = sample(300, 0.7, np.random.default_rng(1))
    kappas = kappa_intervals(labels, votes, plan=PLAN)
    (found,) = coefficient_intervals(labels, votes, kappas, plan=PLAN)
    whole = summarise(labels, votes[:, 0])
    for name in NAMES:
        one = getattr(found, name)
        assert one.value == pytest.approx(getattr(whole, name))
        assert one.low < one.value < one.high


def test_they_cover_the_truth() -> None:
    dice = np.random.default_rng(5)
    truth = summarise(*(v.ravel() for v in sample(400_000, 0.7, dice)))
    held = dict.fromkeys(NAMES, 0)
    for _ in range(150):
        labels, votes = sample(200, 0.7, dice)
        kappas = kappa_intervals(labels, votes, plan=PLAN)
        (found,) = coefficient_intervals(labels, votes, kappas, plan=PLAN)
        for name in NAMES:
            one = getattr(found, name)
            held[name] += one.low <= getattr(truth, name) <= one.high
    assert min(held.values()) >= 0.9 * 150


def test_a_judge_without_errors_has_no_limits_that_claim_certainty() -> None:
    labels, _ = sample(200, 1.0, np.random.default_rng(2))
    votes = labels[:, None]
    kappas = kappa_intervals(labels, votes, plan=PLAN)
    (found,) = coefficient_intervals(labels, votes, kappas, plan=PLAN)
    for name in NAMES:
        one = getattr(found, name)
        assert one.value == 1
        assert np.isnan(one.low)
        assert "with an error" in one.note
