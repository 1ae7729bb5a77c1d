"""The report's table of judges says why a figure is not there."""

from __future__ import annotations

import pytest

from fellowship.pipelines.report.judge_comparison import JudgeComparison
from fellowship.records import Verdict
from fellowship.stats.intervals import Resampling
from fellowship.viewer.report.judges import FEW_PAIRS, judge_grid
from tests.support.outcomes import BOTH, answer, asked, outcome


@pytest.mark.parametrize(
    ("verdicts", "shown"), [(BOTH, FEW_PAIRS), (BOTH[:1], "one order asked")]
)
def test_a_judge_asked_in_both_orders_of_few_pairs_is_not_one_of_one_order(
    verdicts: tuple[Verdict, ...], shown: str
) -> None:
    kept = JudgeComparison()
    kept.add(
        outcome(
            1, "k", asked("Why?"), (answer("a"), answer("bb")), verdicts, state="pair"
        )
    )
    [line] = kept.result(Resampling(resamples=20)).judges
    assert shown in str(judge_grid((line,)))
    assert line.asked_both == line.both == (1 if shown == FEW_PAIRS else 0)
