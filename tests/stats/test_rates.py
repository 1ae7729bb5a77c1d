"""Intervals of rates hold at the edge, with ties, and with prompts of several rows."""

from __future__ import annotations

import numpy as np
import pytest

from fellowship.number_format import percent_interval
from fellowship.stats.codes import DataError
from fellowship.stats.rates import (
    BIAS_RANGE,
    critical,
    moments,
    rate_interval,
    wilson,
)


def test_ten_of_ten_and_one_of_twenty_are_wilsons() -> None:
    # statsmodels.stats.proportion.proportion_confint(10, 10, method="wilson")
    found = rate_interval([1.0] * 10)
    assert (found.low, found.high) == pytest.approx((0.7224672, 1.0))
    # proportion_confint(1, 20, method="wilson")
    found = rate_interval([1.0] + [0.0] * 19)
    assert (found.low, found.high) == pytest.approx((0.0088814, 0.2361312), abs=1e-6)


def test_many_rows_of_one_prompt_have_no_interval_and_say_why() -> None:
    found = rate_interval([1.0, 0.0, 1.0] * 100, ["one"] * 300)
    assert found.value == pytest.approx(2 / 3)
    assert percent_interval(found) == "66.7 % [no interval: 1 of 10 prompts needed]"


def test_ten_ties_may_have_been_wins() -> None:
    found = rate_interval([0.5] * 10)
    assert 0.3 < found.low < 0.45 < 0.55 < found.high < 0.7


def test_the_other_side_of_a_rate_has_the_other_side_of_its_interval() -> None:
    one, two = rate_interval([1, 1, 0.5, 0]), rate_interval([0, 0, 0.5, 1])
    assert (one.low, one.high) == pytest.approx((1 - two.high, 1 - two.low))
    lean = rate_interval([1, 1, 0, -1], within=BIAS_RANGE)
    assert (lean.value, lean.low) == pytest.approx((2 * one.value - 1, 2 * one.low - 1))


@pytest.mark.parametrize("right", [0.7, 0.95])
@pytest.mark.parametrize(("prompts", "rows"), [(50, 1), (50, 4), (200, 4)])
def test_an_interval_holds_the_rate_at_the_edge_and_within_prompts(
    right: float, prompts: int, rows: int
) -> None:
    """A prompt's rows share their chance (intraclass correlation .3); a tenth is unread."""
    rng, held = np.random.default_rng(1), 0
    names = np.repeat(np.arange(prompts), rows)
    for _ in range(600):
        share = rng.beta(right * 0.7 / 0.3, (1 - right) * 0.7 / 0.3, prompts)
        chance = np.repeat(share, rows) if rows > 1 else np.full(prompts, right)
        won = (rng.random(len(names)) < chance).astype(float)
        won[rng.random(len(names)) < 0.1] = np.nan
        found = rate_interval(won, names)
        held += found.low <= right <= found.high
    assert 0.925 <= held / 600 <= 0.98


def test_values_that_are_no_rate_are_refused() -> None:
    with pytest.raises(DataError, match="within 0 to 1"):
        rate_interval([2.0])
    with pytest.raises(DataError, match="clusters has 1"):
        rate_interval([1.0, 0.0], [1])
    assert np.isnan(rate_interval([np.nan]).value)


def test_wilson_narrows_with_what_does_not_vary() -> None:
    full, ties = wilson(0.5, 0.25, 50, 1.96), wilson(0.5, 0.05, 50, 1.96)
    assert full[0] < ties[0] < 0.5 < ties[1] < full[1]


def test_prompts_of_several_rows_have_students_t_on_their_number_less_one() -> None:
    found = moments(np.tile([0.0, 1.0, 1.0], 10), np.repeat(np.arange(10), 3), (0, 1))
    assert found is not None
    # any printed table of t: 9 degrees of freedom, two-sided 5 %
    assert critical(found, 0.95) == pytest.approx(2.262, abs=5e-4)
