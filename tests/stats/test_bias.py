"""A planted bias is found at its size, and a lean that people share is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fellowship.number_format import interval
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
        errors.append(bias.side_bias(judge, labels, side, None, FEW).bias.value - b)
    assert np.mean(np.abs(errors) < 0.02) >= 0.85
    assert abs(np.mean(errors)) < 0.005


def test_the_intervals_hold_the_planted_bias() -> None:
    held = 0
    for seed in range(300):
        labels, side, judge = (v[:400] for v in one_sided(0.2, seed))
        found = bias.side_bias(
            judge, labels, side, None, Resampling(200, seed=seed)
        ).bias
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
    ours = bias.side_bias(judge, labels, side, None, FEW)
    assert ours == bias.side_bias(-judge, -labels, -side, None, FEW)
    theirs = bias.side_bias(judge, labels, -side, None, FEW)
    assert ours.with_people == theirs.against_people
    assert ours.bias.value == pytest.approx(-theirs.bias.value)


def test_a_lean_that_people_share_is_no_excess() -> None:
    labels = np.array([1, 1, 1, -1, INVALID])
    found = bias.side_bias([1, 1, 1, -1, 1], labels, [1, 1, 1, 1, 1])
    assert (found.bias.value, found.rows) == (0, 4)
    assert (found.with_people, found.against_people) == (3, 1)


def test_longer_is_the_side_with_more() -> None:
    assert bias.longer_side([[9, 4], [4, 9], [5, 5]]).tolist() == [1, -1, 0]


@pytest.mark.parametrize("n", [50, 200])
def test_noise_alone_is_no_bias(n: int) -> None:
    """People prefer the longer in 7 of 10 rows; the judge errs in 2 of 10, either way."""
    rng, held, values = np.random.default_rng(n), 0, []
    for _ in range(600):
        labels = rng.choice([-1, 1], n, p=[0.3, 0.7])
        judge = np.where(rng.random(n) < 0.2, -labels, labels)
        found = bias.side_bias(judge, labels, np.ones(n)).bias
        held += found.low <= 0 <= found.high
        values.append(found.value)
    assert 0.92 <= held / 600 <= 0.98
    assert abs(np.mean(values)) < 0.02


def test_prompts_with_several_rows_widen_the_interval() -> None:
    rng, held = np.random.default_rng(3), 0
    prompts = np.repeat(np.arange(60), 4)
    for _ in range(400):
        labels = np.repeat(rng.choice([-1, 1], 60, p=[0.3, 0.7]), 4)
        wrong = np.where(
            rng.random(240) < 0.6,
            np.repeat(rng.random(60) < 0.2, 4),
            rng.random(240) < 0.2,
        )
        judge = np.where(wrong, -labels, labels)
        found = bias.side_bias(judge, labels, np.ones(240), prompts).bias
        held += found.low <= 0 <= found.high
    assert 0.92 <= held / 400 <= 0.985


def test_where_people_always_side_with_the_trait_bias_is_not_told_from_noise() -> None:
    found = bias.side_bias([1, -1, 1], [1, 1, 1], [1, 1, 1]).bias
    assert np.isnan(found.value)
    assert interval(found) == "people always side with it"


def test_a_place_that_decides_every_row_is_named_though_the_bias_is_0() -> None:
    """25 rows go to the first place in both orders and 25 to the second."""
    forward = np.repeat([1, -1], 25)
    found = bias.position_bias_of(forward, -forward)
    assert (found.bias.value, found.changed.value) == (0, 1)
    assert found.changed.low > 0.9


def test_without_a_contradiction_there_is_no_position_bias() -> None:
    found = bias.position_bias_of([1] * 40 + [-1] * 20, [1] * 40 + [-1] * 20)
    assert found.bias.value == 0
    assert found.bias.low < 0 < found.bias.high


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
        bias.side_bias([1], [1], [0])
    with pytest.raises(DataError, match="lengths must be"):
        bias.longer_side([[1, 2, 3]])
