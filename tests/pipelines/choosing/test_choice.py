"""Choice on hostile labels and judges: what it prints can be defended."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest

from fellowship.errors import InputError
from fellowship.pipelines.choosing.bench import Unit
from fellowship.pipelines.choosing.choice import (
    ChoiceOptions,
    choose_evaluator,
    unit_of,
)
from fellowship.pipelines.choosing.choice_cells import sentences
from fellowship.pipelines.choosing.choice_records import Choice
from fellowship.pipelines.choosing.guarantees import Gated, guarantee
from fellowship.pipelines.choosing.named_figures import choice_figures
from fellowship.stats.codes import Codes, Floats
from fellowship.stats.intervals import Resampling
from fellowship.stats.nested_choice import Folding
from fellowship.stats.selective import Promise
from tests.support.benches import bench

N = 160
QUICK = ChoiceOptions(plan=Resampling(200), folding=Folding(repeats=2))
RNG = np.random.default_rng(0)
LABELS: Codes = RNG.choice([-1, 0, 1], N, p=[0.4, 0.2, 0.4]).astype(np.int8)


def judge(right: float, labels: Codes = LABELS) -> Floats:
    """Score gaps of a judge that is right at this rate, and surer where it is."""
    hit = RNG.random(len(labels)) < right
    side = np.where(hit, labels, RNG.choice([-1, 0, 1], len(labels)))
    return np.asarray(side * np.where(hit, RNG.integers(2, 8, len(labels)), 1.0))


def kappa(found: Choice, name: str) -> float:
    line = found.line(name)
    assert line is not None
    return line.kappa.value


def test_rows_of_few_prompts_are_too_few_however_many_they_are() -> None:
    found = choose_evaluator(
        bench(
            np.repeat(LABELS[:30], 10),
            [judge(0.9, np.repeat(LABELS[:30], 10))],
            np.repeat(np.arange(30), 10),
        )
    )
    assert (found.enough, found.labels, found.missing) == (False, 300, 20)


def test_silence_on_hard_rows_does_not_make_a_judge_the_better_one() -> None:
    hard = RNG.random(N) < 0.4
    both = np.where(hard, judge(0.5), judge(0.9))
    silent = np.where(hard, np.nan, both)
    found = choose_evaluator(bench(LABELS, [silent, both]), QUICK)
    assert kappa(found, "a") < kappa(found, "b")
    line = found.line("a")
    assert line is not None
    assert line.no_verdict == pytest.approx(hard.mean())


def test_of_two_equal_judges_the_cheaper_one_is_chosen_and_neither_is_better() -> None:
    gap = judge(0.8)
    found = choose_evaluator(bench(LABELS, [gap, gap]), QUICK)
    assert found.chosen == "a"
    assert found.as_good == found.configurations
    assert [line.name for line in found.frontier] == ["a"]


@pytest.mark.parametrize(
    ("gap", "note"),
    [
        (np.full(N, np.nan), "no verdict on any row"),
        (np.full(N, 3.0), "it names the first answer on every row"),
    ],
)
def test_who_says_one_thing_has_no_limits_and_is_not_told_from_guessing(
    gap: Floats, note: str
) -> None:
    found = choose_evaluator(bench(LABELS, [gap]), QUICK)
    assert found.naive is not None
    assert found.naive.value == pytest.approx(0)
    assert found.naive.note == note
    assert not found.beyond_chance
    assert any("can't be told from guessing" in one for one in sentences(found))


def test_shuffled_labels_make_nothing_better_than_the_rest() -> None:
    gaps = [judge(rate) for rate in (0.6, 0.7, 0.8)]
    found = choose_evaluator(bench(RNG.permutation(LABELS), gaps), QUICK)
    assert found.as_good == found.configurations
    assert not found.beyond_chance


def test_a_judge_without_an_error_is_not_certainly_perfect() -> None:
    found = choose_evaluator(bench(LABELS, [LABELS * 3.0]), QUICK)
    assert found.naive is not None
    assert found.corrected is not None
    assert found.naive.value == 1 > found.naive.low > 0.9
    assert found.corrected.low < 1


def test_labels_of_one_class_are_refused() -> None:
    with pytest.raises(InputError, match="people name a tie on every row"):
        choose_evaluator(bench(np.zeros(N, dtype=np.int8), [judge(0.5)]), QUICK)


def test_ties_of_people_count_against_a_verdict_that_is_kept() -> None:
    tied = np.where(np.arange(N) % 3 == 0, 0, np.where(LABELS == 0, 1, LABELS))
    options = ChoiceOptions(
        promise=Promise(0.9), plan=Resampling(50), folding=Folding(repeats=1)
    )
    sure = np.where(LABELS == 0, 1, LABELS) * 5.0
    found = choose_evaluator(bench(tied.astype(np.int8), [sure]), options)
    assert found.guarantee is not None
    assert found.guarantee.threshold is None
    assert "not 90.0 %" in found.guarantee.why
    assert choice_figures(found)["coverage"].note == found.guarantee.why
    one = found.lines[0].model_copy(update={"kind": "team"})
    debated = found.model_copy(update={"lines": (*found.lines, one)})
    assert "a debate has no score gap" in sentences(debated)[-1]


@pytest.mark.parametrize(
    ("unit", "change", "why"),
    [
        ("usd", {"unpriced": True}, "no known price"),
        ("usd", {"tokens": 0}, "no tokens of its calls"),
        ("tokens", {"tokens": 0}, "no tokens of its calls"),
        ("calls", {"tokens": 0}, ""),
        ("usd", {}, ""),
    ],
)
def test_a_unit_that_some_call_is_not_counted_in_is_refused(
    unit: Unit, change: dict[str, float], why: str
) -> None:
    whole = bench(LABELS, [judge(0.8)])
    (one,) = whole.said
    costs = one.costs * [1, change.get("tokens", 1), 1]
    unpriced = bool(change.get("unpriced"))
    whole = replace(whole, said=(replace(one, costs=costs),), unpriced=unpriced)
    with pytest.raises(InputError, match=why) if why else nullcontext():
        assert unit_of(whole, ChoiceOptions(unit=unit)) == unit


def test_of_those_as_cheap_that_keep_as_many_the_surer_keeps_the_promise() -> None:
    right = (np.arange(N) % 10 < np.array([[6], [9]])).astype(float)
    gated = [Gated(n, np.ones(N), r, 1.0) for n, r in zip("ab", right, strict=True)]
    found = guarantee(gated, np.arange(N), Promise(0.4), QUICK.plan)
    assert (found.configuration, found.threshold) == ("b", 1.0)


def test_nothing_as_cheap_as_asked_for_is_an_error_with_the_cheapest() -> None:
    with pytest.raises(InputError, match=r"the cheapest costs 1$"):
        choose_evaluator(bench(LABELS, [judge(0.8)]), ChoiceOptions(max_cost=0.5))
