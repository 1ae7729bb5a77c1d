"""Kendall's tau-b from pairs: equal to scipy's of the rankings, by prompt, with limits."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import kendalltau

from fellowship.stats.rankings import rank_agreement, tau_b


def signs(values: np.ndarray) -> list[int]:
    """Of every two values, which is the greater."""
    return [
        int(np.sign(values[i] - values[j]))
        for i, j in combinations(range(len(values)), 2)
    ]


@pytest.mark.parametrize("count", [3, 5, 9])
def test_it_is_scipys_of_the_two_rankings_ties_and_all(count: int) -> None:
    rng = np.random.default_rng(count)
    for _ in range(20):
        one, two = rng.integers(0, 4, (2, count))
        expected = kendalltau(one, two).statistic
        assert tau_b(signs(one), signs(two)) == pytest.approx(expected, nan_ok=True)


def test_rankings_are_averaged_by_prompt_and_pairs_alone_are_none() -> None:
    rng = np.random.default_rng(1)
    labels, votes, pairs, prompts, each = [], [], [], [], []
    for number in range(30):
        one, two = rng.permutation(4), rng.permutation(4)
        labels += signs(one)
        votes += signs(two)
        pairs += [(number, i, j) for i, j in combinations(range(4), 2)]
        prompts += [f"p{number // 2}"] * 6
        each.append(kendalltau(one, two).statistic)
    found = rank_agreement(labels, votes, pairs, prompts)
    assert found is not None
    assert (found.rankings, found.pairs, found.tau_b.clusters) == (30, 180, 15)
    assert found.tau_b.value == pytest.approx(np.mean(each))
    assert found.tau_b.low < found.tau_b.value < found.tau_b.high
    assert rank_agreement([1, -1], [1, 1], [(1, 0, 1), (2, 0, 1)], "ab") is None


def test_what_was_not_decided_is_left_out() -> None:
    pairs = [(1, 0, 1), (1, 0, 2), (1, 1, 2)]
    found = rank_agreement([1, 1, 1], [1, 1, 2], pairs, "aaa")
    assert found is not None
    assert (found.pairs, found.tau_b.value) == (2, 1)
    assert rank_agreement([1, 1, 1], [0, 0, 0], pairs, "aaa") is None
