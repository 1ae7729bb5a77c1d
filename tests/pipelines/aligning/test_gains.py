"""Limits of kappas where nothing varies: no interval of no width, and none made up."""

from __future__ import annotations

from fellowship.pipelines.aligning.gains import Gain, gain
from fellowship.pipelines.aligning.labelled_pairs import LabelledPair
from fellowship.pipelines.aligning.said import Said
from fellowship.records import Winner
from fellowship.stats.intervals import Resampling
from tests.support.simulated_judges import pairs

OTHER: dict[Winner, Winner] = {"first": "second", "second": "first"}


def gain_of(rows: list[LabelledPair], after: list[Winner]) -> Gain:
    """From a judge that is always wrong to these verdicts."""
    before = {p.item.key: Said(OTHER.get(p.label, "first")) for p in rows}
    now = {p.item.key: Said(v) for p, v in zip(rows, after, strict=True)}
    found = gain(rows, before, now, Resampling(200))
    assert found is not None
    return found


def test_a_perfect_judge_has_the_limit_that_so_many_rows_allow() -> None:
    rows = pairs(30)
    found = gain_of(rows, [row.label for row in rows])
    assert found.kappa_after.value == 1
    assert found.kappa_after.low is not None
    assert 0.6 < found.kappa_after.low < 1
    assert found.difference.is_positive


def test_a_judge_that_says_one_thing_has_no_limits_and_shows_no_gain() -> None:
    found = gain_of(pairs(30), ["first"] * 30)
    assert (found.kappa_after.value, found.kappa_after.low) == (0, None)
    assert "one class" in found.kappa_after.note


def test_labels_of_one_class_have_no_kappa_and_no_difference() -> None:
    rows = [LabelledPair(p.item, "tie", p.prompt) for p in pairs(30)]
    found = gain_of(rows, ["tie"] * 30)
    assert (found.kappa_after.value, found.difference.value) == (None, None)
    assert not found.difference.is_positive
