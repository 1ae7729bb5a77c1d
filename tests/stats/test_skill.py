"""Skill is what a margin knows beyond one rate; a margin that says nothing has none."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from fellowship.stats.calibration import crossfit_beside_base
from fellowship.stats.intervals import Interval, Resampling
from fellowship.stats.skill import (
    brier_skill,
    calibration_slope,
    leave_one_fold_out,
    logistic_slope,
)

Floats = NDArray[np.float64]


def agreement(seed: int, chances: list[float], n: int = 100) -> tuple[Floats, Floats]:
    """Margins 1, 2, ... and whether people agree, which they do with these chances."""
    rng = np.random.default_rng(seed)
    margin = rng.integers(1, len(chances) + 1, n)
    agreed = rng.random(n) < np.array(chances)[margin - 1]
    return margin.astype(float), agreed.astype(float)


def skill(margin: Floats, agreed: Floats) -> Interval:
    labels = np.where(agreed == 1, 1, -1)
    found = crossfit_beside_base(margin, np.ones(len(margin)), labels)
    return brier_skill(*found, None, Resampling(200))


NOTHING, SPEAKS = [0.7] * 4, [0.5, 0.65, 0.8, 0.95]


def test_a_margin_that_says_nothing_does_not_win() -> None:
    """By expected calibration error it won in 54 to 74 % of such samples."""
    won = shown = sloped = 0
    for seed in range(200):
        nothing, speaks = agreement(seed, NOTHING), agreement(900 + seed, SPEAKS)
        slope, rival = logistic_slope(*nothing), logistic_slope(*speaks)
        won += slope.low > rival.low
        sloped += slope.low > 0 or slope.high < 0
        shown += seed < 100 and skill(*nothing).low > 0
    assert won <= 4
    assert 3 <= sloped <= 18
    assert shown <= 5


def test_a_margin_that_speaks_has_skill() -> None:
    assert sum(skill(*agreement(s, SPEAKS, 400)).low > 0 for s in range(30)) >= 28


def test_the_slopes_interval_holds_the_slope_with_few_clustered_prompts() -> None:
    held = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        prompt = np.repeat(np.arange(50), 3)
        margin = rng.integers(1, 6, 50)[prompt]
        same, own = rng.random(50)[prompt], rng.random(150)
        dice = np.where(rng.random(150) < 0.5, same, own)
        found = logistic_slope(margin, dice < expit(0.6 * margin - 1), prompt)
        held += found.low <= 0.6 <= found.high
    assert 0.92 <= held / 300 <= 0.98


def test_a_slope_is_statsmodels_slope_and_its_scale_is_the_margins() -> None:
    """statsmodels 0.14 on these rows: Logit gives 0.9944503."""
    margin, agreed = agreement(3, SPEAKS, 60)
    found, scaled = logistic_slope(margin, agreed), logistic_slope(margin / 10, agreed)
    assert scaled.value == pytest.approx(10 * found.value)
    assert scaled.low == pytest.approx(10 * found.low)
    assert found.value == pytest.approx(0.9944503, abs=1e-6)


@pytest.mark.parametrize(
    ("at", "events", "why"),
    [
        (range(20), [0] * 10 + [1] * 10, "separates"),
        (range(20), [1] * 20, "one outcome only"),
        ([3] * 20, [0, 1] * 10, "one value only"),
        (range(6), [0, 1] * 3, "6 of 10 prompts needed"),
    ],
)
def test_where_there_is_no_slope_the_reason_is_given(
    at: list[float], events: list[float], why: str
) -> None:
    found = logistic_slope(list(at), events)
    assert np.isnan(found.value)
    assert why in found.note


def test_a_posterior_that_is_too_sure_has_a_slope_under_one_and_less_skill() -> None:
    rng = np.random.default_rng(5)
    truth = rng.uniform(0.5, 0.95, 2000)
    sure = expit(3 * np.log(truth / (1 - truth)))
    agreed = (rng.random(2000) < truth).astype(float)
    base = leave_one_fold_out(agreed)
    slope = calibration_slope(sure, agreed)
    assert slope.low < 1 / 3 < slope.high < 0.5
    honest = calibration_slope(truth, agreed)
    assert honest.low < 1 < honest.high
    assert (
        brier_skill(sure, agreed, base).value < brier_skill(truth, agreed, base).value
    )


def test_the_base_rate_of_a_prompt_is_of_other_prompts() -> None:
    events = np.repeat([1.0, 0.0], 50)
    prompts = np.arange(100) // 10
    base = leave_one_fold_out(events, prompts)
    for held in np.unique(base):
        out = base == held
        assert held == pytest.approx(events[~out].mean())
