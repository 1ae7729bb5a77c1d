"""A planted bias is found at its size, and a lean that people share is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fellowship.stats import bias
from fellowship.stats.codes import INVALID, DataError
from fellowship.stats.intervals import Resampling

Ints = NDArray[np.int64]
N, FEW = 2000, Resampling(2)
BIASES = [0.0, 0.1, 0.3]


def people(rng: np.random.Generator) -> Ints:
    return rng.choice([-1, 0, 1], N, p=[0.4, 0.2, 0.4])


def both_orders(b: float, seed: int) -> tuple[Ints, Ints]:
    """A judge that reads well but takes the first slot with chance b."""
    rng = np.random.default_rng(seed)
    content, hit = people(rng), rng.random((2, N)) < b
    return np.where(hit[0], 1, content), np.where(hit[1], -1, content)


def one_sided(b: float, seed: int) -> tuple[Ints, Ints, Ints]:
    """Labels, a trait's side, and a judge that takes the trait with chance b."""
    rng = np.random.default_rng(seed)
    labels, side = people(rng), rng.choice([-1, 1], N)
    return labels, side, np.where(rng.random(N) < b, side, labels)


@pytest.mark.parametrize("b", BIASES)
def test_a_planted_position_bias_is_found_within_two_points(b: float) -> None:
    errors = [
        bias.position_bias_of(*both_orders(b, s), None, FEW).bias.value - b
        for s in range(40)
    ]
    assert np.mean(np.abs(errors) < 0.02) >= 0.9
    assert abs(np.mean(errors)) < 0.005


@pytest.mark.parametrize("b", BIASES)
def test_a_planted_lean_is_found_within_two_points(b: float) -> None:
    errors = []
    for seed in range(40):
        labels, side, judge = one_sided(b, seed)
        errors.append(bias.side_bias(judge, labels, side, None, FEW).share.value - b)
    assert np.mean(np.abs(errors) < 0.02) >= 0.85
    assert abs(np.mean(errors)) < 0.005


def test_the_intervals_hold_the_planted_bias() -> None:
    held = 0
    for seed in range(300):
        labels, side, judge = (v[:400] for v in one_sided(0.2, seed))
        found = bias.side_bias(
            judge, labels, side, None, Resampling(200, seed=seed)
        ).share
        held += found.low <= 0.2 <= found.high
    assert 0.92 <= held / 300 <= 0.98


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6))
def test_naming_the_candidates_the_other_way_changes_no_bias(seed: int) -> None:
    one, two = both_orders(0.3, seed)
    flipped = bias.position_bias_of(-two, -one, None, FEW)
    assert bias.position_bias_of(one, two, None, FEW).bias.value == pytest.approx(
        flipped.bias.value
    )
    labels, side, judge = one_sided(0.3, seed)
    ours = bias.family_bias(judge, labels, side, None, FEW)
    assert ours == bias.family_bias(-judge, -labels, -side, None, FEW)
    theirs = bias.family_bias(judge, labels, -side, None, FEW)
    assert (ours.favours, ours.disfavours) == (theirs.disfavours, theirs.favours)
    assert ours.score.value == pytest.approx(-theirs.score.value)


def test_a_lean_that_people_share_is_no_excess() -> None:
    labels = np.array([1, 1, 1, -1, INVALID])
    found = bias.side_bias([1, 1, 1, -1, 1], labels, [1, 1, 1, 1, 1])
    assert (found.judge.value, found.excess.value, found.rows) == (0.5, 0, 4)


def test_longer_is_the_side_with_more() -> None:
    assert bias.longer_side([[9, 4], [4, 9], [5, 5]]).tolist() == [1, -1, 0]


def test_the_family_score_is_the_share_for_minus_the_share_against() -> None:
    labels = [1, 0, -1, 1, 1, 0, 1]
    judge = [1, 1, 1, -1, 0, INVALID, -1]
    side = [1, 1, 1, 1, 1, 1, 0]
    found = bias.family_bias(judge, labels, side)
    assert (found.favours, found.disfavours) == (2, 2)
    assert found.score.value == 0
    served = bias.family_bias(judge[:3], labels[:3], side[:3])
    assert (served.favours, served.score.value) == (2, 1)
    assert np.isnan(bias.family_bias([1], [1], [1]).score.value)


def test_a_contradiction_is_counted_and_an_unreadable_order_left_out() -> None:
    found = bias.position_bias_of([1, 1, 0, INVALID], [1, -1, 0, 1])
    assert found.readable == 3
    assert found.bias.value == pytest.approx(1 / 3)
    assert found.contradicted == pytest.approx(1 / 3)


def test_what_shows_no_bias_is_refused_by_name() -> None:
    with pytest.raises(DataError, match="both orders"):
        bias.position_bias_of([INVALID], [1])
    with pytest.raises(DataError, match=r"side is \+1"):
        bias.side_bias([1], [1], [3])
    with pytest.raises(DataError, match="one side only"):
        bias.family_bias([1], [1], [0])
    with pytest.raises(DataError, match="lengths must be"):
        bias.longer_side([[1, 2, 3]])
