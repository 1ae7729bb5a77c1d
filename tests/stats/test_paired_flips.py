"""Exchange test: its size under the null, its power, and what it does with no verdict."""

from __future__ import annotations

import numpy as np
import pytest

from fellowship.stats.codes import INVALID, DataError
from fellowship.stats.paired_flips import better_p, cells_of_all


def p_of(labels: np.ndarray, one: np.ndarray, two: np.ndarray) -> float:
    cells = (cells_of_all(labels, votes) for votes in (one, two))
    return better_p(*cells, np.arange(len(labels)))


def test_two_judges_of_one_kind_are_told_apart_in_at_most_five_of_a_hundred() -> None:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(80):
        labels = rng.choice([1, 0, -1], 30)
        judges = [np.where(rng.random(30) < 0.6, labels, -labels) for _ in range(2)]
        found.append(p_of(labels, *judges))
    assert np.mean(np.array(found) <= 0.05) <= 0.09


def test_a_judge_that_is_right_where_the_other_is_wrong_is_better() -> None:
    labels = np.array([1, -1] * 10)
    assert p_of(labels, -labels, labels) == pytest.approx(1 / 4001, abs=1e-3)
    assert p_of(labels, labels, -labels) == p_of(labels, labels, labels) == 1


def test_who_gives_no_verdict_where_it_was_wrong_has_not_become_better() -> None:
    labels = np.array([1, -1] * 10)
    wrong = np.where(np.arange(20) < 8, -labels, labels)
    silent = np.where(np.arange(20) < 8, INVALID, labels)
    assert p_of(labels, wrong, silent) > 0.05


def test_an_unreadable_label_is_refused() -> None:
    with pytest.raises(DataError, match="labels"):
        cells_of_all([1, INVALID], [1, 1])
