"""Thresholds with a guarantee: exact limits, prompts counted once, the promise kept."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from fellowship.stats.codes import DataError
from fellowship.stats.selective import (
    Promise,
    is_kept,
    limits_at,
    order_of_tests,
    passed,
    thresholds_of,
)


def test_where_every_row_has_a_prompt_of_its_own_the_limit_is_exact() -> None:
    right = np.array([1.0] * 30 + [0.0] * 5)
    (found,) = limits_at(np.ones(35), right, np.arange(35), [1.0], 0.1)
    exact = binomtest(30, 35).proportion_ci(0.8, "exact").low
    assert found == pytest.approx(exact, abs=1e-12)


def test_rows_of_one_prompt_count_less() -> None:
    right = np.repeat([1.0] * 10 + [0.0] * 2, 5)
    alone, shared = (
        limits_at(np.ones(60), right, prompts, [1.0], 0.1)[0]
        for prompts in (np.arange(60), np.repeat(np.arange(12), 5))
    )
    apart = limits_at(np.ones(12), right[::5], np.arange(12), [1.0], 0.1)[0]
    assert shared < alone
    assert shared == pytest.approx(apart, abs=0.08)


@pytest.mark.parametrize("prompts", [np.zeros(40), np.arange(40) // 5])
def test_few_prompts_of_many_rows_promise_nothing(prompts: np.ndarray) -> None:  # type: ignore[type-arg]
    assert limits_at(np.ones(40), np.ones(40), prompts.astype(int), [1.0], 0.1)[0] == 0


def test_a_row_without_confidence_is_never_kept() -> None:
    sure = np.array([3.0, np.nan, 1.0])
    assert thresholds_of(sure).tolist() == [3.0, 1.0]
    assert is_kept(sure, 1.0).tolist() == [True, False, True]


def test_testing_begins_where_other_labels_are_surest_and_stops_at_a_failure() -> None:
    limits = np.array([0.5, 0.9, 0.85, 0.7, 0.95])
    assert order_of_tests(limits) == [4]
    order = order_of_tests(limits[:4])
    assert order == [1, 2, 3]
    assert passed(limits, order, 0.8) == 2
    assert passed(limits, order, 0.93) is None


@pytest.mark.parametrize("least", [0, 1, 1.5, float("nan")])
def test_a_rate_that_no_labels_bear_out_is_refused(least: float) -> None:
    with pytest.raises(DataError, match="between 0 and 1"):
        Promise(least)


def test_so_many_labels_without_an_error_are_the_fewest_that_pass() -> None:
    fewest = Promise(0.8, 0.1).fewest
    for n, enough in ((fewest - 1, False), (fewest, True)):
        (limit,) = limits_at(np.ones(n), np.ones(n), np.arange(n), [1.0], 0.1)
        assert bool(limit >= 0.8) is enough
