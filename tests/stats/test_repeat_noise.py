"""The exact test of drift: its level, its power, its distribution by hand and by force."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import binom

from fellowship.stats.codes import DataError
from fellowship.stats.repeat_noise import (
    Block,
    Shape,
    block_distribution,
    chance_of,
    count_apart,
    repeat_test,
    shape_of,
)

KINDS = 3


def askings(
    rng: np.random.Generator, rows: int, noise: float, flips: float = 0.0
) -> np.ndarray:
    """Decisions (rows, 3), record and two of now: off by chance, some of now flipped."""
    truth = rng.integers(0, KINDS, rows)
    said = np.repeat(truth[:, None], 3, axis=1)
    off = rng.random(said.shape) < noise
    said = np.where(off, (said + rng.integers(1, KINDS, said.shape)) % KINDS, said)
    moved = rng.random(rows) < flips
    said[moved, 1:] = (said[moved, 1:] + 1) % KINDS
    return said


def p_of(said: np.ndarray) -> float:
    """The test's p of decisions (n, 3), the record first; blocks without news left out."""
    kept = said[(said != said[:, :1]).any(axis=1)]
    blocks = [Block(row[:1].tolist(), row[1:].tolist()) for row in kept]
    return chance_of(map(shape_of, blocks), sum(map(count_apart, blocks)))


@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_false_alarms_are_at_most_five_in_a_hundred(noise: float) -> None:
    rng = np.random.default_rng(20)
    said = askings(rng, 1000 * 200, noise).reshape(1000, 200, 3)
    alarms = sum(p_of(one) < 0.05 for one in said)
    assert alarms <= 50 + 1.65 * (1000 * 0.05 * 0.95) ** 0.5
    assert noise or not alarms


@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_a_tenth_of_flips_is_found_in_two_hundred(noise: float) -> None:
    rng = np.random.default_rng(21)
    found = [p_of(askings(rng, 200, noise, flips=0.1)) < 0.05 for _ in range(50)]
    assert np.mean(found) >= 0.95


def test_of_three_answers_it_is_the_binomial_test_of_the_odd_one_out() -> None:
    shape = Shape((2, 1), 1, 2)
    odd, split = 9, 14
    least = 2 * odd + (split - odd)
    assert chance_of([shape] * split, least) == pytest.approx(
        binom.sf(odd - 1, split, 1 / 3)
    )


@pytest.mark.parametrize("pool", ["aab", "abc", "aabb", "aaabb", "abcde"])
def test_a_block_has_the_distribution_of_all_ways_to_call_answers_recorded(
    pool: str,
) -> None:
    record = len(pool) // 2
    shape = shape_of(Block(pool[:record], pool[record:]))
    counts = np.zeros(shape.record * shape.now + 1)
    for order in permutations(pool):
        counts[count_apart(Block(order[:record], order[record:]))] += 1
    assert block_distribution(shape) == pytest.approx(counts / counts.sum())


def test_its_rates_are_of_pairs_within_and_across() -> None:
    blocks = [Block("a", "bb", f"p{n}") for n in range(6)]
    blocks += [Block("a", "ab", f"q{n}") for n in range(6)]
    found = repeat_test(blocks)
    assert (found.apart.value, found.noise.value) == (0.75, 0.5)
    assert (found.blocks, found.telling) == (12, 12)
    assert found.excess.low <= found.excess.value == 0.25 <= found.excess.high


def test_two_answers_know_nothing_of_noise() -> None:
    with pytest.raises(DataError, match="three answers"):
        repeat_test([Block("a", "b")])
