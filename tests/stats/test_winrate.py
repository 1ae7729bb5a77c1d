"""Win rates: a rate and its mirror sum to one, and few labels correct a biased judge."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fellowship.stats import ratings, winrate
from fellowship.stats.codes import INVALID, DataError, TooFewLabels

Array = NDArray[np.int8]

verdicts = st.lists(st.sampled_from([-1, 0, 1, INVALID]), min_size=1, max_size=50).map(
    lambda v: np.array(v, np.int8)
)


def turned(given: Array) -> Array:
    return np.where(given == INVALID, INVALID, -given).astype(np.int8)


def test_ties_and_failures_lose_under_the_strict_rule() -> None:
    assert winrate.strict_rate([1, 1, 0, -1, INVALID]) == 0.4
    assert winrate.half_tie_rate([1, 1, 0, -1, INVALID]) == 2.5 / 4
    assert np.isnan(winrate.half_tie_rate([INVALID]))


@given(verdicts)
def test_a_rate_and_its_mirror_sum_to_one(given: Array) -> None:
    ours, theirs = winrate.half_tie_rate(given), winrate.half_tie_rate(turned(given))
    assert np.isnan(ours) or ours + theirs == pytest.approx(1, abs=1e-12)
    assert winrate.strict_rate(given) + winrate.strict_rate(turned(given)) <= 1


@given(verdicts, st.randoms(use_true_random=False))
def test_both_orders_mirror_and_their_shares_sum_to_one(given, random) -> None:  # type: ignore[no-untyped-def]
    other = np.array(random.choices([-1, 0, 1, INVALID], k=len(given)))
    found = winrate.both_order_rates(given, other)
    mirror = winrate.both_order_rates(turned(given), turned(other))
    if found.invalid < 1:
        parts = found.wins + found.ties + found.losses + found.contradictions
        assert parts == pytest.approx(1)
        assert found.rate + mirror.rate == pytest.approx(1)
        assert (found.wins, found.ties) == (mirror.losses, mirror.ties)


def test_a_judge_that_always_takes_the_first_slot_wins_nobody_anything() -> None:
    found = winrate.both_order_rates([1] * 10, [-1] * 10)
    assert (found.wins, found.contradictions, found.rate) == (0, 1, 0.5)


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


def test_what_gives_no_rate_is_refused_by_name() -> None:
    with pytest.raises(DataError, match="rule 'kind'"):
        winrate.points([1], "kind")  # type: ignore[arg-type]
    with pytest.raises(TooFewLabels, match="49 labels"):
        winrate.prediction_powered(np.ones(49), np.ones(49), [1])
    with pytest.raises(DataError, match="2 groups"):
        ratings.bradley_terry([0, 2], [1, 3], [1, 1], 4)
    with pytest.raises(DataError, match="against itself"):
        ratings.bradley_terry([0], [0], [1], 2)
    with pytest.raises(DataError, match="from 0 to 1"):
        ratings.bradley_terry([0], [5], [1], 2)


@pytest.mark.parametrize(("right", "n"), [(0.95, 50), (0.98, 100), (0.7, 200)])
def test_a_prediction_powered_interval_holds_at_the_edge(right: float, n: int) -> None:
    rng, held = np.random.default_rng(2), 0
    for _ in range(600):
        people = (rng.random(n + 400) < right).astype(float)
        judge = np.where(rng.random(n + 400) < 0.85, people, 1 - people)
        found = winrate.prediction_powered(people[:n], judge[:n], judge[n:])
        assert 0 <= found.low <= found.value <= found.high <= 1
        held += found.low <= right <= found.high
    assert 0.93 <= held / 600 <= 0.985


def test_fifty_wins_of_fifty_are_not_certain_and_all_labelled_is_peoples_rate() -> None:
    sure = winrate.prediction_powered(np.ones(50), np.ones(50), np.ones(100))
    assert (sure.value, sure.high) == (1, 1)
    assert sure.low == pytest.approx(0.925, abs=0.005)
    people = np.repeat([1.0, 0.0], [40, 20])
    found = winrate.prediction_powered(people, 1 - people, [])
    assert (found.value, found.trust) == (pytest.approx(2 / 3), 0)
