"""Steps of an alignment: what is kept, on what evidence, and that the test stays unread."""

from __future__ import annotations

import asyncio

import pytest

from fellowship.pipelines.aligning.alignment import Alignment, align
from fellowship.pipelines.aligning.gains import gain
from fellowship.pipelines.aligning.policies import policies
from fellowship.pipelines.aligning.split import split_pairs
from fellowship.pipelines.aligning.steps import ALL_STEPS, StepName
from fellowship.stats.intervals import Resampling
from tests.support.simulated_judges import IDEA, Simulated, pairs

FEW = Resampling(200)


def aligned(
    judges: Simulated, steps: tuple[StepName, ...] = ALL_STEPS, **made: object
) -> Alignment:
    split = split_pairs(pairs(60, **made), 0.5, 0)  # type: ignore[arg-type]
    return asyncio.run(align(judges, split, steps, 0))


def test_a_judge_with_a_wrong_notion_gains() -> None:
    found = aligned(Simulated())
    assert found.change.criteria == IDEA
    measured = gain(found.split.test, found.before, found.after, FEW)
    assert measured is not None
    assert measured.difference.is_positive
    learnt = policies(found.split.test, found.before, found.after, FEW)
    assert [one.name for one in learnt if one.learnt] == ["shorter"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_shuffled_labels_change_nothing(seed: int) -> None:
    judges = Simulated(seed)
    found = aligned(judges, seed=seed, shuffled=True)
    assert found.change.names == ()
    assert not {"test-before", "test-after"} & {*judges.asked}


def test_a_judge_that_is_always_right_is_left_alone_and_nothing_more_is_asked() -> None:
    judges = Simulated(wrong=1.0, idea="Count the vowels of each response.")
    found = aligned(judges)
    assert found.change.names == ()
    assert judges.asked == ["before"]


def test_the_test_rows_are_asked_about_once_and_shown_to_nobody() -> None:
    judges = Simulated()
    found = aligned(judges)
    assert judges.asked.count("test-after") == judges.asked.count("test-before") == 1
    assert judges.asked[-2:] == ["test-before", "test-after"]
    assert not judges.shown & {pair.prompt for pair in found.split.test}


def test_a_writer_that_writes_nothing_changes_nothing() -> None:
    found = aligned(Simulated(idea=None), ("criteria",))
    assert found.change.names == ()
    assert "wrote none that could be used" in found.steps[0].why


def test_a_tie_band_is_fitted_where_people_call_small_gaps_ties() -> None:
    found = aligned(Simulated(wrong=1.0), ("tie-band",), tie_below=60)
    assert found.change.tie_band == pytest.approx(3, abs=0.4)
    assert found.change.names == ("tie band",)
