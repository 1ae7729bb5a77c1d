"""Agreement equals the trusted libraries, and an unreadable row is never a class."""

from __future__ import annotations

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, cohen_kappa_score, confusion_matrix

from fellowship.errors import FellowshipError
from fellowship.stats import agreement, alpha
from fellowship.stats.codes import INVALID, DataError, encode

Array = NDArray[np.int8]
CODES = (-1, 0, 1, INVALID)


def table_of(columns: int) -> st.SearchStrategy[Array]:
    row = st.tuples(*[st.sampled_from(CODES)] * columns)
    return st.lists(row, min_size=1, max_size=60).map(lambda r: np.array(r, np.int8))


def readable(votes: Array) -> Array:
    kept: Array = votes[(votes != INVALID).all(axis=1)]
    return kept


def same(ours: float, theirs: float) -> bool:
    return (np.isnan(ours) and np.isnan(theirs)) or abs(ours - theirs) < 1e-9


@pytest.mark.parametrize("weights", ["none", "linear", "quadratic"])
@settings(deadline=None, max_examples=150)
@given(votes=table_of(2))
def test_kappa_is_scikit_learns(weights: str, votes: Array) -> None:
    ours = agreement.cohen_kappa(votes[:, 0], votes[:, 1], weights)  # type: ignore[arg-type]
    a, b = readable(votes).T
    if len(set(a) | set(b)) < 2:
        assert np.isnan(ours)
        return
    theirs = cohen_kappa_score(
        a, b, labels=[-1, 0, 1], weights=None if weights == "none" else weights
    )
    assert same(ours, theirs)


@settings(deadline=None)
@given(votes=table_of(2))
def test_kappa_without_ties_is_scikit_learns(votes: Array) -> None:
    ours = agreement.cohen_kappa(votes[:, 0], votes[:, 1], ties=False)
    kept = readable(votes)
    a, b = kept[(kept != 0).all(axis=1)].T
    if len(set(a) | set(b)) < 2:
        assert np.isnan(ours)
    else:
        assert same(ours, cohen_kappa_score(a, b))


@settings(deadline=None)
@given(votes=table_of(2))
def test_accuracy_and_confusion_are_scikit_learns(votes: Array) -> None:
    a, b = readable(votes).T
    table = agreement.confusion(votes[:, 0], votes[:, 1])
    if len(a) == 0:
        assert np.isnan(agreement.accuracy_of(table))
        return
    assert (table == confusion_matrix(a, b, labels=[-1, 0, 1])).all()
    assert same(float(agreement.accuracy_of(table)), accuracy_score(a, b))


@settings(deadline=None, max_examples=150)
@given(votes=st.integers(2, 5).flatmap(table_of))
def test_alpha_is_krippendorffs(votes: Array) -> None:
    data = np.where(votes == INVALID, np.nan, votes).T
    paired = (~np.isnan(data)).sum(axis=0) >= 2
    values = data[:, paired]
    ours = alpha.krippendorff_alpha(votes)
    if len(np.unique(values[~np.isnan(values)])) < 2:
        assert np.isnan(ours)
        return
    theirs = krippendorff.alpha(
        data,
        value_domain=[-1.0, 0.0, 1.0],
        level_of_measurement="nominal",
    )
    assert same(ours, theirs)


def test_ac1_stays_high_where_one_class_is_nearly_all() -> None:
    labels = np.array([1] * 98 + [0, -1])
    verdicts = np.array([1] * 98 + [1, 1])
    share = np.array([0.005, 0.005, 0.99])
    chance = (share * (1 - share)).sum() / 2
    table = agreement.confusion(labels, verdicts)
    assert same(agreement.ac1_of(table), (0.98 - chance) / (1 - chance))
    assert agreement.cohen_kappa(labels, verdicts) == 0


def test_ac1_counts_two_classes_where_nobody_names_a_tie() -> None:
    table = agreement.confusion([1] * 8 + [-1] * 2, [1] * 9 + [-1])
    chance = 2 * 0.85 * 0.15
    assert same(agreement.ac1_of(table), (0.9 - chance) / (1 - chance))


@settings(deadline=None)
@given(votes=table_of(2))
def test_swapping_the_candidates_changes_no_coefficient(votes: Array) -> None:
    turned = np.where(votes == INVALID, INVALID, -votes)
    a, b = (agreement.confusion(*v.T) for v in (votes, turned))
    assert (a == b[::-1, ::-1]).all()
    assert same(float(agreement.kappa_of(a)), float(agreement.kappa_of(b)))


def test_tables_are_scored_many_at_once() -> None:
    rng = np.random.default_rng(0)
    labels, jury = rng.integers(-1, 2, 80), rng.integers(-1, 2, (80, 5))
    tables = agreement.table_cells(labels, jury).sum(axis=0)
    each = [agreement.cohen_kappa(labels, jury[:, j]) for j in range(5)]
    assert np.allclose(agreement.kappa_of(tables), each, atol=1e-12)


def test_invalid_is_a_share_and_wrong_only_where_all_rows_count() -> None:
    found = agreement.summarise([1, 1, -1, 0, INVALID], [1, 1, -1, INVALID, 1])
    assert (found.rows, found.readable, found.invalid_share) == (4, 3, 0.25)
    assert (found.accuracy, found.right_of_all) == (1.0, 0.75)
    assert found.kappa == found.kappa_without_ties == 1.0
    assert found.table == ((1, 0, 0), (0, 0, 0), (0, 0, 2))


def test_pairwise_is_the_kappa_of_every_two_columns() -> None:
    votes = np.array([[1, 1, 0], [0, 0, 0], [-1, -1, INVALID], [1, -1, 1]])
    pairs = agreement.pairwise(votes)
    assert [(p.first, p.second, p.rows) for p in pairs] == [
        (0, 1, 4),
        (0, 2, 3),
        (1, 2, 3),
    ]
    assert same(pairs[0].kappa, cohen_kappa_score(votes[:, 0], votes[:, 1]))
    assert pairs[1].accuracy == pytest.approx(2 / 3)


def test_winners_become_codes() -> None:
    words = ["first", "tie", "second", "invalid"]
    assert encode(words).tolist() == [1, 0, -1, INVALID]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: agreement.cohen_kappa([], []), "labels is empty"),
        (lambda: agreement.cohen_kappa([1, 0], [1]), "labels has 2 rows"),
        (lambda: agreement.cohen_kappa([1, 7], [1, 1]), "labels holds 7"),
        (lambda: agreement.cohen_kappa([1], [np.nan]), "verdicts holds"),
        (lambda: agreement.cohen_kappa([[1]], [1]), "1 axes"),
        (lambda: agreement.cohen_kappa([1], [1], "cubic"), "weights 'cubic'"),  # type: ignore[arg-type]
        (lambda: agreement.pairwise([[1], [0]]), "two columns"),
        (lambda: agreement.summarise([INVALID], [1]), "labels is empty"),
        (lambda: encode(["A"]), "unknown winners"),
    ],
)
def test_what_is_not_a_verdict_is_refused_by_name(call, says) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DataError, match=says) as caught:
        call()
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, FellowshipError)
