"""Choice of the best of many: nothing gained on shuffled labels, nor by silence."""

from __future__ import annotations

import numpy as np
import pytest

from fellowship.stats.agreement import cohen_kappa
from fellowship.stats.best_set import as_good_as_best, resampled_kappas
from fellowship.stats.codes import Codes
from fellowship.stats.intervals import Resampling
from fellowship.stats.nested_choice import (
    Folding,
    Learned,
    Rule,
    choice_kappas,
    choose,
    nested_choices,
    prompt_folds,
)
from fellowship.stats.whole_kappa import (
    as_tables,
    right_of_all,
    whole_cells,
    whole_kappa,
)


def kappas(labels: Codes, verdicts: Codes) -> np.ndarray:  # type: ignore[type-arg]
    return whole_kappa(as_tables(whole_cells(labels, verdicts).sum(axis=0)))


def judges(n: int, rates: list[float], seed: int = 0) -> tuple[Codes, Codes]:
    """Labels of two classes and a tie, and judges that are right at these rates."""
    rng = np.random.default_rng(seed)
    labels = rng.choice([-1, 0, 1], n, p=[0.4, 0.2, 0.4]).astype(np.int8)
    wrong = rng.choice([-1, 0, 1], (n, len(rates))).astype(np.int8)
    right = rng.random((n, len(rates))) < rates
    return labels, np.where(right, labels[:, None], wrong).astype(np.int8)


def test_where_all_is_read_it_is_cohens_kappa() -> None:
    labels, votes = judges(80, [0.8, 0.5])
    expected = [cohen_kappa(labels, votes[:, k]) for k in range(2)]
    assert kappas(labels, votes) == pytest.approx(expected, abs=1e-12)


def test_silence_is_worth_what_guessing_is() -> None:
    labels, votes = judges(4000, [0.7, 0.7])
    rng = np.random.default_rng(1)
    hard = rng.random(4000) < 0.3
    silent = np.where(hard, 2, votes[:, 0])
    guessed = np.where(hard, rng.permutation(labels), votes[:, 0])
    quiet, guess = kappas(labels, np.stack([silent, guessed], 1).astype(np.int8))
    assert quiet == pytest.approx(guess, abs=0.02)
    assert kappas(labels, np.full((4000, 1), 2, dtype=np.int8))[0] == pytest.approx(0)


def test_right_of_all_counts_what_could_not_be_read_as_wrong() -> None:
    cells = whole_cells([1, 1, -1, 0], [[1], [2], [-1], [1]])
    assert right_of_all(as_tables(cells.sum(axis=0)))[0] == 0.5


def test_a_prompts_rows_stay_in_one_fold_and_folds_are_of_a_size() -> None:
    prompt = np.repeat(np.arange(23), 4)
    fold = prompt_folds(prompt, Folding(), 1)
    assert all(len(set(fold[prompt == p])) == 1 for p in range(23))
    sizes = np.bincount(fold)
    assert sizes.max() - sizes.min() <= 4


def test_the_cheapest_within_the_error_is_chosen_and_no_dearer_than_the_budget() -> (
    None
):
    labels, votes = judges(400, [0.5, 0.88, 0.91])
    cells, costs = whole_cells(labels, votes), np.array([1.0, 2.0, 50.0])
    rules = [
        Rule(),
        Rule(within=0),
        Rule(budget=1.5),
        Rule(budget=0.5),
        Rule(among=(0,)),
    ]
    assert choose(cells, costs, np.arange(400), rules) == [1, 2, 0, -1, 0]


def test_of_equal_cost_the_better_one_is_chosen() -> None:
    labels, votes = judges(400, [0.85, 0.9])
    cells = whole_cells(labels, votes)
    assert choose(cells, np.ones(2), np.arange(400), [Rule()]) == [1]


def test_on_shuffled_labels_the_best_of_many_is_worth_nothing_on_other_prompts() -> (
    None
):
    naive, corrected = [], []
    for seed in range(8):
        labels, votes = judges(120, [0.3] * 30, seed)
        labels = np.random.default_rng(seed).permutation(labels)
        naive.append(kappas(labels, votes).max())
        found = nested_choices(
            labels,
            votes,
            None,
            np.ones(30),
            np.arange(120),
            [Rule(within=0)],
            Folding(repeats=1),
        )
        corrected.append(choice_kappas(labels, found)[0, 0])
    assert np.mean(naive) > 0.1
    assert abs(np.mean(corrected)) < 0.06


def test_what_learns_never_sees_the_fold_it_is_scored_on() -> None:
    fold, seen = np.arange(20) % 4, []

    def learn(rows: np.ndarray) -> Codes:  # type: ignore[type-arg]
        seen.append(rows)
        return np.where(rows, 1, 0)[:, None].astype(np.int8)

    learned = Learned(learn, fold)
    assert (learned.across()[:, 0] == 0).all()
    assert (learned.across(2)[fold != 2, 0] == 0).all()
    assert (learned.without(1)[fold == 1, 0] == 0).all()
    assert len(seen) == 4 + 3 + 0


def test_judges_alike_are_not_told_from_the_best_and_a_poor_one_is() -> None:
    labels, votes = judges(300, [0.8, 0.8, 0.8, 0.2])
    cells = whole_cells(labels, votes)
    bag = resampled_kappas(cells, np.arange(300), Resampling(300))
    good = as_good_as_best(kappas(labels, votes), bag)
    assert good.tolist() == [True, True, True, False]


def test_a_copy_of_the_best_is_as_good() -> None:
    labels, votes = judges(100, [0.8, 0.3])
    both = votes[:, [0, 0, 1]]
    bag = resampled_kappas(whole_cells(labels, both), np.arange(100), Resampling(200))
    assert as_good_as_best(kappas(labels, both), bag).tolist() == [True, True, False]
