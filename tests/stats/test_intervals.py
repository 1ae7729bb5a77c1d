"""An interval covers what it says it covers, and prompts, not rows, are resampled."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import bootstrap as scipy_bootstrap

from fellowship.stats import intervals, paired, pairwise
from fellowship.stats.agreement import (
    accuracy_of,
    cohen_kappa,
    kappa_of,
    sparse_cells,
    table_cells,
)
from fellowship.stats.codes import DataError, TooFewLabels
from fellowship.stats.intervals import (
    Resampling,
    bootstrap,
    bootstrap_many,
    mean_interval,
)
from fellowship.stats.selection import best_of

Ints = NDArray[np.int64]


def judged(rng: np.random.Generator, n: int, right: float) -> tuple[Ints, Ints]:
    """Labels, and a judge that says the label with chance `right`, else anything."""
    labels = rng.choice([-1, 0, 1], size=n, p=[0.4, 0.2, 0.4])
    guess = rng.choice([-1, 0, 1], size=n, p=[0.4, 0.2, 0.4])
    return labels, np.where(rng.random(n) < right, labels, guess)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_a_kappa_interval_covers_95_in_100(method: str) -> None:
    rng = np.random.default_rng(4)
    hits = 0
    for trial in range(600):  # kappa is `right` exactly, both having one marginal
        labels, verdicts = judged(rng, 200, 0.6)
        plan = Resampling(400, seed=trial, method=method)  # type: ignore[arg-type]
        found = bootstrap(table_cells(labels, verdicts), kappa_of, None, plan)
        hits += found.low <= 0.6 <= found.high
    assert 0.93 <= hits / 600 <= 0.97


def test_bca_limits_are_scipys_on_skewed_and_on_coarse_values() -> None:
    rng = np.random.default_rng(0)
    plan = Resampling(20_000, method="bca")
    for values, off in ((rng.exponential(1, 40), 0.02), (rng.random(15) < 0.3, 1e-9)):
        x = values.astype(float)
        ours = mean_interval(x, None, plan)
        theirs = scipy_bootstrap((x,), np.mean, n_resamples=20_000, rng=rng)
        limits = tuple(theirs.confidence_interval)
        assert (ours.low, ours.high) == pytest.approx(limits, abs=off)


def test_a_clustered_interval_covers_where_a_rowwise_one_does_not() -> None:
    rng = np.random.default_rng(5)
    prompts = np.repeat(np.arange(200), 4)
    clustered, rowwise = 0, 0
    for trial in range(600):
        per_prompt = np.repeat(rng.random(200) < 0.7, 4)
        slip = rng.random(800) < 0.2
        right = np.where(slip, rng.random(800) < 0.7, per_prompt).astype(float)
        plan = Resampling(400, seed=trial)
        found = mean_interval(right, prompts, plan)
        clustered += found.low <= 0.7 <= found.high
        if trial < 100:
            naive = mean_interval(right, None, plan)
            rowwise += naive.low <= 0.7 <= naive.high
    assert 0.93 <= clustered / 600 <= 0.97
    assert rowwise / 100 < 0.85


def test_the_matrix_product_is_the_loop() -> None:
    labels, verdicts = judged(np.random.default_rng(1), 60, 0.6)
    prompts = np.arange(60) // 3
    counts = np.concatenate(list(intervals.resample_counts(20, Resampling(50))))
    sums = intervals.cluster_sums(table_cells(labels, verdicts), prompts)
    ours = intervals.resampled_values(sums, kappa_of, Resampling(50))[:, 0]
    for row, value in zip(counts.astype(int), ours, strict=True):
        take = np.concatenate([np.repeat([3 * g, 3 * g + 1, 3 * g + 2], c)
                               for g, c in enumerate(row)])  # fmt: skip
        assert value == pytest.approx(cohen_kappa(labels[take], verdicts[take]))


def test_many_values_share_their_resamples() -> None:
    rng = np.random.default_rng(2)
    labels, jury = rng.integers(-1, 2, 90), rng.integers(-1, 2, (90, 3))
    many = intervals.bootstrap_many(table_cells(labels, jury), kappa_of)
    assert many[1] == bootstrap(table_cells(labels, jury[:, 1]), kappa_of)


def test_the_same_seed_gives_the_same_interval_in_any_chunks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    features = table_cells(*judged(np.random.default_rng(3), 50, 0.5))
    whole = bootstrap(features, kappa_of)
    monkeypatch.setattr(intervals, "_CHUNK", 1)
    assert bootstrap(features, kappa_of) == whole
    assert bootstrap(features, kappa_of, None, Resampling(seed=1)) != whole


def test_renaming_the_prompts_changes_nothing() -> None:
    features = table_cells(*judged(np.random.default_rng(3), 50, 0.5))
    numbers = np.random.default_rng(0).integers(0, 12, 50)
    names = np.array([f"prompt {97 - 7 * g}" for g in numbers])
    assert bootstrap(features, kappa_of, numbers) == bootstrap(
        features, kappa_of, names
    )


def test_resamples_without_a_kappa_are_counted_not_hidden() -> None:
    found = bootstrap(table_cells([1, 1, 1, 0], [1, 1, 1, 0]), kappa_of)
    assert 0.2 < found.undefined < 0.5
    nothing = bootstrap(table_cells([1, 1], [1, 1]), kappa_of)
    assert np.isnan(nothing.low)
    assert nothing.undefined == 1


def test_two_judges_are_told_apart_only_when_they_differ() -> None:
    rng = np.random.default_rng(6)
    labels, good = judged(rng, 600, 0.8)
    poor = np.where(rng.random(600) < 0.4, rng.integers(-1, 2, 600), good)
    a, b = table_cells(labels, good), table_cells(labels, poor)
    found = paired.paired_difference(a, b, kappa_of)
    assert found.low > 0
    assert found.p < 0.01
    assert paired.paired_difference(a, a, kappa_of).p == 1


def test_a_paired_test_rejects_a_true_null_five_times_in_a_hundred() -> None:
    rng = np.random.default_rng(7)
    small = 0
    for trial in range(400):
        labels, a = judged(rng, 150, 0.6)
        b = np.where(rng.random(150) < 0.6, labels, judged(rng, 150, 0.6)[0])
        plan = Resampling(199, seed=trial)
        pair = table_cells(labels, a), table_cells(labels, b)
        small += paired.paired_difference(*pair, kappa_of, None, plan).p <= 0.05
    assert 0.02 < small / 400 < 0.08


def test_holm_is_the_worked_example() -> None:
    assert paired.holm_adjusted([0.01, 0.04, 0.03, 0.005]) == pytest.approx(
        [0.03, 0.06, 0.06, 0.02]
    )


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_holm_keeps_the_order_and_never_lowers_a_p(p: list[float]) -> None:
    adjusted = paired.holm_adjusted(p)
    assert (adjusted >= np.array(p)).all()
    assert (adjusted <= 1).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0).all()


def test_under_fifty_labels_no_kappa_is_claimed() -> None:
    assert intervals.has_enough_labels(50)
    assert not intervals.has_enough_labels(49)
    assert not intervals.has_enough_labels(199, compare=True)
    with pytest.raises(TooFewLabels, match="49 labels are too few for a kappa"):
        intervals.require_labels(49)


def test_what_gives_no_interval_is_refused() -> None:
    with pytest.raises(DataError, match="empty"):
        bootstrap(np.zeros((0, 3, 3)), accuracy_of)
    with pytest.raises(DataError, match="clusters has 1"):
        bootstrap(np.zeros((2, 3, 3)), accuracy_of, [1])
    with pytest.raises(DataError, match="paired features differ"):
        paired.paired_difference(np.zeros((2, 3)), np.zeros((3, 3)), accuracy_of)
    with pytest.raises(DataError, match="resamples=0"):
        Resampling(0)
    with pytest.raises(DataError, match="between 0 and 1"):
        paired.holm_adjusted([2.0])
    with pytest.raises(DataError, match="shape"):
        mean_interval(np.zeros((2, 2)))


def test_of_equal_judges_one_in_twenty_samples_has_one_worse_than_the_best() -> None:
    """The best is chosen on the rows that compare it: limits must allow for that."""
    rng, false = np.random.default_rng(8), 0
    for trial in range(300):
        labels = rng.choice([-1, 1], 150)
        votes = np.where(rng.random((150, 6)) < 0.8, labels[:, None], -labels[:, None])
        features = table_cells(labels, votes)
        best = int(kappa_of(features.sum(axis=0)).argmax())
        found = pairwise.simultaneous_differences(
            features, kappa_of, best, None, Resampling(300, seed=trial)
        )
        false += any(one.high < 0 for one in found.values())
    assert false / 300 <= 0.085


def test_one_discordant_row_of_sixty_is_no_difference() -> None:
    a, b = np.ones(60), np.ones(60)
    b[7] = 0
    assert paired.exact_mcnemar(a, b) == (1.0, 1)
    # statsmodels.stats.contingency_tables.mcnemar([[40, 9], [1, 10]], exact=True).pvalue
    a[:9], b[:9], a[9:10], b[9:10] = 1, 0, 0, 1
    assert paired.exact_mcnemar(a, b)[0] == pytest.approx(0.021484375)
    labels = np.array([1] * 59 + [-1])
    found = bootstrap(table_cells(labels, np.ones(60, int)), kappa_of)
    assert found.note == "undefined in 36 % of resamples"


def test_figures_are_the_same_at_any_block_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(1)
    labels, votes = rng.integers(-1, 3, 90), rng.integers(-1, 3, (90, 4))
    prompts = np.arange(90) // 2
    found = []
    for block in (1, 700, 4_000_000):
        monkeypatch.setattr(intervals, "_CHUNK", block)
        cells, plan = table_cells(labels, votes), Resampling(61)
        found.append(
            (
                bootstrap_many(cells, kappa_of, prompts, plan),
                best_of(cells, kappa_of, prompts, plan),
            )
        )
    assert found[0] == found[1] == found[2]


def test_sparse_cells_are_the_cells() -> None:
    rng = np.random.default_rng(2)
    labels, votes = rng.integers(-1, 3, 50), rng.integers(-1, 3, (50, 3))
    dense = table_cells(labels, votes).reshape(50, -1)
    assert (sparse_cells(labels, votes).toarray() == dense).all()
